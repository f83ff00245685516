using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Tests.Congestion.Simulation;

/// <summary>A sender with endless data and its receiver, which acknowledges as <see cref="NovaCron.Dwcp.Transport.Datagrams.DatagramConnection"/> does: after 16 packets, at once after a gap, at latest after 4 ms.</summary>
public sealed class SimulatedFlow
{
    private const long AcknowledgementDelay = 4_000_000;
    private const int AcknowledgeEvery = 16;
    private const int YoungPackets = 200;
    private const int MaximumRanges = 64;

    private readonly PathSimulator _simulator;
    private readonly long _baseRtt;
    private readonly List<PacketRange> _received = [];
    private readonly List<long> _acknowledged = [];
    private readonly List<long> _lost = [];
    private long _nextSendAt;
    private long _pacerArmedFor = long.MaxValue;
    private int _unacknowledged;
    private bool _acknowledgementArmed;
    private int _probeTimeouts;
    private long _timerGeneration;
    private int _probesAllowed;

    internal SimulatedFlow(PathSimulator simulator, ICongestionController controller, long baseRtt)
    {
        _simulator = simulator;
        _baseRtt = baseRtt;
        Controller = controller;
    }

    public ICongestionController Controller { get; }

    public PacketLedger Ledger { get; } = new();

    public long SentBytes { get; private set; }

    /// <summary>When each second began, and what had been delivered by then.</summary>
    public List<(long Time, long Delivered, long Queued)> Series { get; } = [];

    /// <summary>Delivered bytes per second between two times.</summary>
    public double Goodput(double fromSeconds, double toSeconds)
    {
        var from = Series.Last(s => s.Time <= (long)(fromSeconds * 1e9));
        var to = Series.Last(s => s.Time <= (long)(toSeconds * 1e9));
        return (to.Delivered - from.Delivered) * 1e9 / (to.Time - from.Time);
    }

    /// <summary>Share of sent bytes that had to be sent again.</summary>
    public double Retransmitted => SentBytes == 0 ? 0 : (double)Ledger.Lost / SentBytes;

    internal void Start()
    {
        Sample();
        Send();
    }

    internal void Transmitted(long number) => _simulator.At(_simulator.Now + (_baseRtt / 2), () => Receive(number));

    private void Sample()
    {
        Series.Add((_simulator.Now, Ledger.Delivered, _simulator.Queued));
        _simulator.At(_simulator.Now + 50_000_000, Sample);
    }

    private void Send()
    {
        var now = _simulator.Now;
        while (Ledger.CanTrack && (_probesAllowed > 0 || Ledger.InFlight + PathSimulator.Datagram <= Controller.CongestionWindow))
        {
            if (_nextSendAt > now && _probesAllowed == 0)
            {
                ArmPacer();
                break;
            }

            if (_probesAllowed > 0) _probesAllowed--;
            var number = Ledger.OnSent(now, PathSimulator.Datagram);
            SentBytes += PathSimulator.Datagram;
            Controller.OnSent(now, PathSimulator.Datagram, Ledger.InFlight);
            _simulator.Enqueue(this, number);
            var rate = Controller.PacingRate;
            if (double.IsFinite(rate)) _nextSendAt = Math.Max(_nextSendAt, now - 1_000_000) + (long)(PathSimulator.Datagram * 1e9 / rate);
        }

        ArmTimer();
    }

    private void ArmPacer()
    {
        if (_pacerArmedFor == _nextSendAt) return;
        var due = _pacerArmedFor = _nextSendAt;
        _simulator.At(due, () =>
        {
            if (_pacerArmedFor != due) return;
            _pacerArmedFor = long.MaxValue;
            Send();
        });
    }

    private void Receive(long number)
    {
        Insert(number);
        _unacknowledged++;
        var gap = number < _received[0].Last || (_received.Count > 1 && _received[0].First == number);
        if (_unacknowledged >= (number < YoungPackets ? 2 : AcknowledgeEvery) || gap)
        {
            Acknowledge();
        }
        else if (!_acknowledgementArmed)
        {
            _acknowledgementArmed = true;
            _simulator.At(_simulator.Now + AcknowledgementDelay, () =>
            {
                _acknowledgementArmed = false;
                if (_unacknowledged > 0) Acknowledge();
            });
        }
    }

    private void Insert(long number)
    {
        // Newest range first; packets come nearly in order, so the search is short.
        for (var i = 0; i < _received.Count; i++)
        {
            var range = _received[i];
            if (number > range.Last + 1)
            {
                _received.Insert(i, new PacketRange(number, number));
                Trim();
                return;
            }

            if (number == range.Last + 1)
            {
                _received[i] = range with { Last = number };
                return;
            }

            if (number >= range.First) return;
            if (number == range.First - 1)
            {
                _received[i] = range with { First = number };
                return;
            }
        }

        _received.Add(new PacketRange(number, number));
        Trim();
    }

    private void Trim()
    {
        if (_received.Count > MaximumRanges) _received.RemoveRange(MaximumRanges, _received.Count - MaximumRanges);
    }

    private void Acknowledge()
    {
        _unacknowledged = 0;
        var ranges = _received.ToArray();
        _simulator.At(_simulator.AfterStall(_simulator.Now + (_baseRtt / 2)), () => OnAcknowledgement(ranges));
    }

    private void OnAcknowledgement(PacketRange[] ranges)
    {
        _acknowledged.Clear();
        _lost.Clear();
        if (!Ledger.OnAcknowledged(_simulator.Now, ranges, 0, false, _acknowledged, _lost, out var sample)) return;
        _probeTimeouts = 0;
        Controller.OnAcknowledged(sample);
        Send();
    }

    private void ArmTimer()
    {
        var generation = ++_timerGeneration;
        var due = Ledger.LossTime;
        var loss = due != long.MaxValue;
        if (!loss)
        {
            if (Ledger.InFlight == 0) return;
            due = Ledger.LastSentAt + (Ledger.Rtt.ProbeTimeout(AcknowledgementDelay) << Math.Min(_probeTimeouts, 6));
        }

        _simulator.At(due, () =>
        {
            if (generation != _timerGeneration) return;
            if (loss)
            {
                _lost.Clear();
                var bytes = Ledger.DetectLoss(_simulator.Now, _lost);
                if (bytes > 0) Controller.OnLost(_simulator.Now, bytes, Ledger.InFlight, false);
            }
            else
            {
                _probeTimeouts++;
                _probesAllowed = 2;
                if (_probeTimeouts == 3)
                {
                    _lost.Clear();
                    var bytes = Ledger.LoseEverything(_lost);
                    Controller.OnLost(_simulator.Now, bytes, 0, true);
                }
            }

            Send();
        });
    }
}
