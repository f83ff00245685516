using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Tests.Congestion.Peers;

/// <summary>
/// BBR version 1 as in Cardwell et al. (2016) and draft-cardwell-iccrg-bbr-congestion-control-00, without its long-term
/// policer model: the BBR of Linux's tcp_bbr. A peer, for comparison.
/// </summary>
public sealed class BbrController(int datagram) : ICongestionController
{
    private static readonly double[] Cycle = [1.25, 0.75, 1, 1, 1, 1, 1, 1];

    private readonly Queue<(long Round, double Rate)> _samples = new();
    private long _minimumRtt;
    private long _minimumRttAt;
    private long _round;
    private long _nextRoundDelivered;
    private double _fullBandwidth;
    private int _fullCount;
    private bool _filled;
    private bool _draining;
    private int _cycleIndex = 2;
    private long _cycleAt;
    private long _probeRttUntil;
    private bool _probingRtt;

    public string Name => "bbr";

    public long CongestionWindow { get; private set; } = 10L * datagram;

    public double PacingRate { get; private set; } = 2.885 * 10 * datagram * 1000;

    public void OnSent(long now, int bytes, long inFlight)
    {
    }

    public void OnAcknowledged(in AckSample sample)
    {
        var roundStart = sample.PriorDelivered >= _nextRoundDelivered;
        if (roundStart)
        {
            _nextRoundDelivered = sample.Delivered;
            _round++;
        }

        if (sample.DeliveryRate > 0)
        {
            while (_samples.Count > 0 && _samples.Peek().Round < _round - 9) _samples.Dequeue();
            _samples.Enqueue((_round, sample.DeliveryRate));
            while (_samples.Count > 256) _samples.Dequeue();
            _roundBest = Math.Max(roundStart ? 0 : _roundBest, sample.DeliveryRate);
            UpdateMaximum();
        }

        var expired = sample.Now - _minimumRttAt > 10_000_000_000;
        if (sample.Rtt > 0 && (_minimumRtt == 0 || sample.Rtt <= _minimumRtt || expired))
        {
            _minimumRtt = sample.Rtt;
            _minimumRttAt = sample.Now;
        }

        if (_maximum <= 0 || _minimumRtt == 0) return;
        var target = _maximum * _minimumRtt / 1e9;
        double pacing, window;
        if (!_filled)
        {
            if (roundStart)
            {
                if (_maximum >= _fullBandwidth * 1.25)
                {
                    _fullBandwidth = _maximum;
                    _fullCount = 0;
                }
                else if (++_fullCount >= 3)
                {
                    _filled = _draining = true;
                }
            }

            pacing = window = 2.885;
        }
        else if (_draining)
        {
            pacing = 1 / 2.885;
            window = 2.885;
            if (sample.InFlight <= target)
            {
                _draining = false;
                _cycleAt = sample.Now;
            }
        }
        else
        {
            var elapsed = sample.Now - _cycleAt > _minimumRtt;
            var advance = Cycle[_cycleIndex] switch
            {
                > 1 => elapsed && (sample.LostBytes > 0 || sample.PriorInFlight >= 1.25 * target),
                < 1 => elapsed || sample.PriorInFlight <= target,
                _ => elapsed,
            };
            if (advance)
            {
                _cycleIndex = (_cycleIndex + 1) % Cycle.Length;
                _cycleAt = sample.Now;
            }

            pacing = Cycle[_cycleIndex];
            window = 2;
        }

        if (expired && !_probingRtt && _filled)
        {
            _probingRtt = true;
            _probeRttUntil = 0;
        }

        if (_probingRtt)
        {
            pacing = 1;
            if (_probeRttUntil == 0 && sample.InFlight <= 4L * datagram) _probeRttUntil = sample.Now + 200_000_000;
            if (_probeRttUntil != 0 && sample.Now >= _probeRttUntil)
            {
                _probingRtt = false;
                _minimumRttAt = sample.Now;
            }
        }

        PacingRate = pacing * _maximum;
        CongestionWindow = _probingRtt ? 4L * datagram : (long)Math.Max((window * target) + (3 * datagram), 4 * datagram);
    }

    public void OnLost(long now, int bytes, long inFlight, bool persistent)
    {
    }

    private double _maximum;
    private double _roundBest;

    private void UpdateMaximum()
    {
        _maximum = 0;
        foreach (var (_, rate) in _samples) _maximum = Math.Max(_maximum, rate);
        _maximum = Math.Max(_maximum, _roundBest);
    }
}
