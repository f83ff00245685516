using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Tests.Congestion.Peers;

/// <summary>CUBIC (RFC 9438) with slow start and without HyStart++ or pacing: what most of the internet's TCP does. A peer, for comparison.</summary>
public sealed class CubicController(int datagram) : ICongestionController
{
    private const double C = 0.4;
    private const double Beta = 0.7;

    private double _window = 10;
    private double _slowStartThreshold = double.PositiveInfinity;
    private double _maximum;
    private double _k;
    private double _estimate;
    private long _epoch = -1;
    private long _recoveryUntilDelivered = -1;
    private long _smoothedRtt;
    private long _delivered;

    public string Name => "cubic";

    public long CongestionWindow => (long)(_window * datagram);

    public double PacingRate => double.PositiveInfinity;

    public void OnSent(long now, int bytes, long inFlight)
    {
    }

    public void OnAcknowledged(in AckSample sample)
    {
        _delivered = sample.Delivered;
        if (sample.Rtt > 0) _smoothedRtt = _smoothedRtt == 0 ? sample.Rtt : ((7 * _smoothedRtt) + sample.Rtt) / 8;
        if (sample.LostBytes > 0)
        {
            Reduce(sample.PriorDelivered, sample.InFlight);
            return;
        }

        // A window that is not used does not grow (RFC 9438, section 5.8).
        if (sample.PriorInFlight + (4L * datagram) < CongestionWindow) return;
        var acked = (double)sample.AckedBytes / datagram;
        if (_window < _slowStartThreshold)
        {
            _window += acked;
            return;
        }

        if (_epoch < 0)
        {
            _epoch = sample.Now;
            _k = Math.Cbrt(Math.Max(0, _maximum - _window) / C);
            _estimate = _window;
        }

        // RFC 9438, equations 1 and 4.
        var t = (sample.Now - _epoch + _smoothedRtt) / 1e9;
        var target = Math.Clamp((C * Math.Pow(t - _k, 3)) + _maximum, _window, 1.5 * _window);
        _estimate += 3 * (1 - Beta) / (1 + Beta) * acked / _window;
        _window = Math.Max(_estimate, _window + ((target - _window) / _window * acked));
    }

    public void OnLost(long now, int bytes, long inFlight, bool persistent)
    {
        if (persistent)
        {
            _slowStartThreshold = Math.Max(2, _window * Beta);
            _window = 2;
            _epoch = -1;
            return;
        }

        Reduce(_delivered, inFlight);
    }

    private void Reduce(long sentWhenDelivered, long inFlight)
    {
        // Once a round trip: losses of packets sent before the last reduction belong to it.
        if (sentWhenDelivered < _recoveryUntilDelivered) return;
        _recoveryUntilDelivered = _delivered + inFlight;
        _maximum = _window < _maximum ? _window * (1 + Beta) / 2 : _window;
        _window = Math.Max(2, _window * Beta);
        _slowStartThreshold = _window;
        _epoch = -1;
    }
}
