using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Tests.Congestion.Peers;

/// <summary>NewReno as in RFC 9002, section 7. A peer, for comparison.</summary>
public sealed class NewRenoController(int datagram) : ICongestionController
{
    private double _window = 10;
    private double _slowStartThreshold = double.PositiveInfinity;
    private long _recoveryUntilDelivered = -1;
    private long _delivered;

    public string Name => "newreno";

    public long CongestionWindow => (long)(_window * datagram);

    public double PacingRate => double.PositiveInfinity;

    public void OnSent(long now, int bytes, long inFlight)
    {
    }

    public void OnAcknowledged(in AckSample sample)
    {
        _delivered = sample.Delivered;
        if (sample.LostBytes > 0)
        {
            Reduce(sample.PriorDelivered, sample.InFlight);
            return;
        }

        if (sample.PriorInFlight + (4L * datagram) < CongestionWindow) return;
        var acked = (double)sample.AckedBytes / datagram;
        _window += _window < _slowStartThreshold ? acked : acked / _window;
    }

    public void OnLost(long now, int bytes, long inFlight, bool persistent)
    {
        Reduce(_delivered, inFlight);
        if (persistent) _window = 2;
    }

    private void Reduce(long sentWhenDelivered, long inFlight)
    {
        if (sentWhenDelivered < _recoveryUntilDelivered) return;
        _recoveryUntilDelivered = _delivered + inFlight;
        _window = Math.Max(2, _window / 2);
        _slowStartThreshold = _window;
    }
}
