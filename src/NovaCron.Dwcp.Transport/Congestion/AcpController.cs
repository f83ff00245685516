namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>
/// The Adaptive Congestion Protocol: a model of the path (bottleneck bandwidth, least round-trip time) sets the pacing rate
/// and the bytes in flight, as in BBR (Cardwell et al. 2016; draft-ietf-ccwg-bbr), with three differences.
/// <list type="bullet">
/// <item>Loss is compared with what the path loses anyway. A round that sends faster than the estimate and loses clearly more
/// than rounds that send slower has found a full buffer or a policer; loss that does not depend on our rate is noise and is
/// only repaired. So 10 % of random loss costs 10 %, and a shallow buffer is not flooded.</item>
/// <item>Delay is watched in every round. A queue that drains when we slow down is ours and is drained at once; one that
/// stays is somebody else's, and then delay no longer makes us yield (the mode switch of Copa, Arun and Balakrishnan 2018).</item>
/// <item>A probe that succeeds is repeated at once and harder, so a path that comes back ten times faster is full again
/// within seconds.</item>
/// </list>
/// </summary>
public sealed class AcpController : ICongestionController
{
    // Gains of the start: 4 ln 2 doubles the delivered rate every round trip (draft-ietf-ccwg-bbr, section 5.6.2).
    private const double StartupPacingGain = 2.77;
    private const double DrainPacingGain = 0.5;
    private const double CruiseGain = 1.0;
    private const double DownGain = 0.8;
    private const double ProbeGain = 1.25;
    private const double MaximumProbeGain = 2.0;
    private const double WindowGain = 2.0;

    // Rounds that a bandwidth sample counts for: one probe cycle at its longest by rounds, and one to spare.
    private const int BandwidthRounds = 10;

    // Below this growth in three rounds the start has found the bottleneck (draft-ietf-ccwg-bbr, section 5.3.1.2).
    private const double FullBandwidthGrowth = 1.25;
    private const int FullBandwidthRounds = 3;

    // Least round-trip time: believed for 10 s; then half a window for 200 ms finds it again.
    private const long MinimumRttLifetime = 10_000_000_000;
    private const long ProbeRttDuration = 200_000_000;
    private const double ProbeRttGain = 0.5;

    // A probe has gone too far when it loses this share more than the path's own loss. Half of the 5 % retransmission budget.
    private const double ExcessLoss = 0.02;

    // What such a probe leaves in flight: this share of what it had, and no less than this many bandwidth-delay products. At one product acknowledgements that are held back for some
    // milliseconds would leave the path idle; and of two flows in a shallow buffer the one that probed last would lose its part (simulated, over three seeds, 0.85 and 1 gave them 71 and 23 %, this 47 and 48).
    private const double InFlightAfterExcess = 0.95;
    private const double LeastInFlightAfterExcess = 1.25;

    // A queue of a quarter of the least round trip (and at least 1 ms, below which timers and batching look like queues).
    private const double QueueShare = 0.25;
    private const long QueueFloor = 1_000_000;

    // A sample may exceed what whole rounds delivered by this factor, times the gain.
    private const double BurstAllowance = 1.05;

    // How far a round in which the sender was late moves the average of what rounds deliver: up, and down.
    private const double LateRaise = 0.25;
    private const double LateLowering = 0.03;

    // What such a round that lost packets leaves of the estimate at least.
    private const double LeastOfLateRound = 0.7;

    // Rounds that deliver less than this share of what is paced say that the estimate is too high.
    private const double OverestimateShare = 0.9;

    // Cruise between probes: 2 to 3 s at first as in BBRv2, doubled up to this by probes that only found loss.
    private const long CruiseBase = 1_000_000_000;
    private const long CruiseMaximum = 2_500_000_000;

    // Loss that a rate which fills no queue explains is repaired by sending that much more; never beyond this share.
    private const double MaximumCompensatedLoss = 0.15;

    // Half of this the probes make up for by themselves (compensating it would only fill the buffer); full from 1.5 times it.
    private const double UncompensatedLoss = 0.02;

    // Yielding to loss-based senders: CUBIC's constants (RFC 9438, section 5).
    private const double YieldDecrease = 0.7;
    private const double YieldGrowth = 0.4;

    // A competitor that goes on filling the buffer after we yielded is not loss-based; not yielded to for this long.
    private const long UnresponsiveLifetime = 30_000_000_000;
    private const int IgnoredYields = 2;

    // Background: each round with somebody's queue, or with lost packets that the path does not explain, leaves this much of the share; each one without gives some back.
    private const double ShareDecrease = 0.7;
    private const double ShareGrowth = 1.1;
    private const double LeastShare = 0.02;

    // Half of the queue at which Bulk drains its own: whoever shares the path with a Background flow is to notice nothing.
    private const double BackgroundQueueShare = 0.125;

    private readonly int _datagram;
    private readonly AcpProfile _profile;
    private double _share = 1;

    // The model.
    private WindowedMaximum _bandwidth = new(BandwidthRounds);
    private long _minimumRtt;
    private long _minimumRttAt;
    private double _baselineLoss;
    private bool _baselineMeasured;
    private bool _cameFromDown;
    private double _inflightCeiling = double.PositiveInfinity;
    private bool _foreignQueue;
    private long _queueMaximum;

    // Yielding to a loss-based competitor in a buffer too shallow for delay to tell.
    private bool _yielding;
    private double _yieldMaximum;
    private double _yieldK;
    private long _yieldEpoch;
    private long _yieldRound;
    private int _yieldIgnored;
    private double _yieldWindow;
    private long _unresponsiveUntil;

    // The round: one round trip, counted by delivery.
    private long _round;
    private long _nextRoundDelivered;
    private bool _roundStart;
    private long _roundAcked;
    private long _roundLost;
    private long _roundQueueAcked;
    private long _roundQueueLost;
    private long _roundMinimumRtt = long.MaxValue;
    private double _roundRate;
    private bool _roundSenderLimited;
    private bool _bufferFull;
    private long _roundStartedAt;
    private double _average;

    // The start.
    private double _fullBandwidth;
    private int _fullBandwidthCount;

    // The cycle.
    private Phase _phase = Phase.Startup;
    private double _pacingGain = StartupPacingGain;
    private double _probeGain = ProbeGain;
    private double _probeStartBandwidth;
    private long _phaseStartedAt;
    private long _phaseRound;
    private long _cruise = CruiseBase;
    private long _probeRttDoneAt;
    private int _slowRounds;

    /// <summary>Makes a controller for one path.</summary>
    /// <param name="datagram">Bytes of a full datagram; 200 to 65,527.</param>
    /// <param name="initialWindow">Bytes that may leave before the first acknowledgement; RFC 6928's ten datagrams by default.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of range.</exception>
    /// <param name="profile">How it stands to others.</param>
    public AcpController(int datagram, int initialWindow = 0, AcpProfile profile = AcpProfile.Bulk)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(datagram, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(datagram, 65_527);
        _datagram = datagram;
        _profile = profile;
        CongestionWindow = initialWindow > 0 ? initialWindow : 10L * datagram;
        // Before the first sample: the initial window over a millisecond, as RFC 9002, section 7.7 lets a burst of it leave.
        PacingRate = StartupPacingGain * CongestionWindow * 1000;
    }

    /// <inheritdoc/>
    public string Name => "acp";

    /// <inheritdoc/>
    public long CongestionWindow { get; private set; }

    /// <inheritdoc/>
    public double PacingRate { get; private set; }

    /// <summary>The bandwidth estimate in bytes per second; 0 before the first sample.</summary>
    public double Bandwidth => _bandwidth.Value;

    /// <summary>The least round-trip time in nanoseconds; 0 before the first sample.</summary>
    public long MinimumRtt => _minimumRtt;

    /// <summary>The share of bytes that the path loses whatever our rate, 0 to 1.</summary>
    public double BaselineLoss => _baselineLoss;

    /// <summary>Whether a queue stands that is not ours.</summary>
    public bool Competing => _foreignQueue;

    /// <summary>The phase, for people: <c>Startup</c>, <c>Drain</c>, <c>Cruise</c>, <c>Probe</c>, <c>Down</c> or <c>ProbeRtt</c>.</summary>
    public string State => _phase.ToString();

    /// <inheritdoc/>
    public void OnSent(long now, int bytes, long inFlight)
    {
    }

    /// <inheritdoc/>
    public void OnAcknowledged(in AckSample sample)
    {
        UpdateRound(sample);
        UpdateMinimumRtt(sample);
        var rate = Math.Min(sample.DeliveryRate, PlausibleRate);
        // What a flow delivers that holds back says nothing about the path's rate, but that it is no less; and what a handshake delivers not even that much: with it for an estimate the
        // initial window would be lost, and the start begin at a packet a round trip.
        if (rate > 0 && ((!sample.SenderLimited && _share == 1) || (rate > _bandwidth.Value && _bandwidth.Value > 0)))
        {
            _bandwidth.Update(_round, rate);
            _roundRate = Math.Max(_roundRate, rate);
        }

        if (_roundStart) OnRoundEnd(sample);
        Advance(sample);
        if (_yielding) UpdateYield(sample.Now);
        SetRates();
        if (_roundStart) BeginRound(sample.Now);
    }

    /// <inheritdoc/>
    public void OnLost(long now, int bytes, long inFlight, bool persistent)
    {
        _roundLost += bytes;
        // Found by a timer, between acknowledgements: the newest of those says whether the buffer was full.
        if (_bufferFull) _roundQueueLost += bytes;
        if (!persistent) return;

        // The path was silent for long: it may be another one. Start again, from the rate that it had.
        _bandwidth.Reset(_round, _bandwidth.Value / 2);
        _minimumRtt = 0;
        _average = 0;
        _inflightCeiling = double.PositiveInfinity;
        _fullBandwidth = 0;
        _fullBandwidthCount = 0;
        Enter(Phase.Startup, now, StartupPacingGain);
        SetRates();
    }

    // Timers and batches work in milliseconds: on a path shorter than that, what they hold back must fit too.
    private double TargetInFlight => _bandwidth.Value * Math.Max(_minimumRtt, QueueFloor) / 1e9;

    private long QueueThreshold => Math.Max((long)(_minimumRtt * QueueShare), QueueFloor);

    private bool QueueStands => _roundMinimumRtt != long.MaxValue && _roundMinimumRtt - _minimumRtt > QueueThreshold;

    private double QueueLossShare => _roundAcked + _roundLost == 0 ? 0 : (double)_roundQueueLost / (_roundAcked + _roundLost);

    // More loss beside a full queue than the path's own explains, by three standard deviations.
    private bool BufferOverflowed
    {
        get
        {
            var expected = _baselineLoss * (_roundQueueAcked + _roundQueueLost) / _datagram;
            return (double)_roundQueueLost / _datagram > expected + (3 * Math.Sqrt(expected)) + 0.5;
        }
    }

    private double RoundLossShare => _roundAcked + _roundLost == 0 ? 0 : (double)_roundLost / (_roundAcked + _roundLost);

    private void UpdateRound(in AckSample sample)
    {
        _roundAcked += sample.AckedBytes;
        _roundLost += sample.LostBytes;
        _roundSenderLimited |= sample.SenderLimited;
        if (sample.Rtt > 0)
        {
            _roundMinimumRtt = Math.Min(_roundMinimumRtt, sample.Rtt);
            _queueMaximum = Math.Max(_queueMaximum, sample.Rtt - Math.Max(1, _minimumRtt));
            // Loss while the queue was at least half of the longest: the buffer was full, the loss is congestion's.
            _bufferFull = _minimumRtt > 0 && sample.Rtt - _minimumRtt > Math.Max(_queueMaximum / 2, Math.Max(QueueFloor, _minimumRtt / 50));
        }

        if (_bufferFull)
        {
            _roundQueueAcked += sample.AckedBytes;
            _roundQueueLost += sample.LostBytes;
        }

        _roundStart = sample.PriorDelivered >= _nextRoundDelivered;
        if (!_roundStart) return;
        _nextRoundDelivered = sample.Delivered;
        _round++;
    }

    // On a busy machine acknowledgements come in bursts, and a sample that begins inside of one counts what came before it. Over whole rounds that evens out, so no
    // sample is believed far beyond what rounds delivered; without this the largest of many wrong samples would be the estimate, and each probe would raise it.
    private double PlausibleRate => _average == 0 || _phase is Phase.Startup or Phase.Drain ? double.PositiveInfinity : BurstAllowance * Math.Max(1, _pacingGain) * _average;

    // A round in which the sender was late all the time has no sample of its own; what it delivered is too low by what it did not send, so that one such round is believed to a limit.
    private double RateOfLossyRound(long now) =>
        _roundRate > 0 ? _roundRate : Math.Clamp(RoundAverage(now), LeastOfLateRound * _bandwidth.Value, _bandwidth.Value);

    private void UpdateShare()
    {
        var queue = _roundMinimumRtt != long.MaxValue && _roundMinimumRtt - _minimumRtt > Math.Max((long)(_minimumRtt * BackgroundQueueShare), QueueFloor);
        // By three standard deviations: a small share sends few packets a round, of which chance takes many now and then.
        var expected = (_baselineLoss + ExcessLoss) * (_roundAcked + _roundLost) / _datagram;
        var lossy = (double)_roundLost / _datagram > expected + (3 * Math.Sqrt(expected)) + 1;
        // The queue of a start or of a probe is its own.
        if (_phase is Phase.Startup or Phase.Drain or Phase.Probe or Phase.Down && !lossy) return;
        _share = queue || lossy ? Math.Max(LeastShare, _share * ShareDecrease) : Math.Min(1, _share * ShareGrowth);
    }

    // What the round delivered, in bytes per second; 0 when it cannot be told.
    private double RoundAverage(long now) => _roundStartedAt == 0 || now <= _roundStartedAt ? 0 : _roundAcked * 1e9 / (now - _roundStartedAt);

    private void UpdateAverage(long now)
    {
        var average = RoundAverage(now);
        if (_share < 1 || average == 0) return;
        // On a busy machine the sender is late in nearly every round. Such a round counts, too, or the average would stand where the start left it and hold every probe down to it; but what
        // it did not deliver says little.
        var weight = !_roundSenderLimited ? 0.5 : average > _average ? LateRaise : LateLowering;
        _average = _average == 0 ? average : _average + (weight * (average - _average));
    }

    private void BeginRound(long now)
    {
        _roundStartedAt = now;
        _roundAcked = _roundLost = _roundQueueAcked = _roundQueueLost = 0;
        _roundMinimumRtt = long.MaxValue;
        _roundRate = 0;
        _roundSenderLimited = false;
    }

    private void UpdateMinimumRtt(in AckSample sample)
    {
        if (sample.Rtt <= 0) return;
        if (_minimumRtt == 0 || sample.Rtt <= _minimumRtt || (_phase == Phase.ProbeRtt && sample.Now >= _probeRttDoneAt))
        {
            _minimumRtt = sample.Rtt;
            _minimumRttAt = sample.Now;
        }
        else if (sample.Rtt <= _minimumRtt + (_minimumRtt / 50))
        {
            // Within 2 % of the least: the estimate is confirmed and needs no probe of its own.
            _minimumRttAt = sample.Now;
        }
    }

    private void OnRoundEnd(in AckSample sample)
    {
        UpdateAverage(sample.Now);
        if (_profile == AcpProfile.Background) UpdateShare();
        // The longest queue is forgotten by a 64th every round: buffers and paths change.
        _queueMaximum -= _queueMaximum / 64;
        if (_phase is Phase.Cruise && _round - _phaseRound == 1 && _cameFromDown)
        {
            // This round confirms what was sent below the estimate: what it lost without a queue, the path loses anyway.
            _baselineLoss += (RoundLossShare - QueueLossShare - _baselineLoss) / (_baselineMeasured ? 4 : 1);
            _baselineMeasured = true;
        }
        else if (_phase is Phase.Cruise && _round - _phaseRound >= 2)
        {
            // Sending at the estimate loses more than sending below it, and no queue stands: a policer let a probe pass on
            // saved-up tokens. What it delivers now is the rate.
            if (RoundLossShare - QueueLossShare - _baselineLoss > ExcessLoss) _bandwidth.Reset(_round, RateOfLossyRound(sample.Now));
            if (BufferOverflowed) OnCompetitorLoss(sample);
        }

        // The path became slower: two rounds that deliver clearly less than the estimate while a queue stands. Without this
        // the maximum filter would keep filling the queue for ten (ever longer) rounds.
        var slower = !_roundSenderLimited && _share == 1 && _phase is not (Phase.Startup or Phase.ProbeRtt) && _roundRate > 0
            && _roundRate < 0.7 * _bandwidth.Value && QueueStands;
        _slowRounds = slower ? _slowRounds + 1 : 0;
        if (_slowRounds < 2) return;
        _slowRounds = 0;
        _bandwidth.Reset(_round, _roundRate);
        _cruise = CruiseBase;
        Enter(Phase.Down, sample.Now, DownGain);
    }

    // Somebody who answers to loss filled the buffer: share as CUBIC would (RFC 9438), until that allows what the model wants.
    private void OnCompetitorLoss(in AckSample sample)
    {
        if (_foreignQueue || sample.Now < _unresponsiveUntil || _round - _yieldRound < 2) return;
        // Full again while we are still well below where it was full: the other one does not answer to loss.
        _yieldIgnored = _yielding && _yieldWindow < 0.9 * _yieldMaximum ? _yieldIgnored + 1 : 0;
        if (_yieldIgnored >= IgnoredYields)
        {
            _yielding = false;
            _yieldIgnored = 0;
            _unresponsiveUntil = sample.Now + UnresponsiveLifetime;
            return;
        }

        // What was in flight when the buffer overflowed is what the round acknowledged and lost: after a stall of ours hardly anything may be left in flight by now, and CUBIC's curve would
        // begin at a few packets (seen at 500 Mbit/s: 11 s at a fortieth of the rate). Background yields all the way.
        var overflowed = _profile == AcpProfile.Background ? sample.PriorInFlight : Math.Max(sample.PriorInFlight, _roundAcked + _roundLost);
        _yieldMaximum = Math.Min(overflowed, CongestionWindow);
        _yieldK = Math.Cbrt(_yieldMaximum / _datagram * (1 - YieldDecrease) / YieldGrowth);
        _yieldEpoch = sample.Now;
        _yieldRound = _round;
        _yielding = true;
    }

    private void UpdateYield(long now)
    {
        var t = ((now - _yieldEpoch) / 1e9) - _yieldK;
        _yieldWindow = Math.Max(_yieldMaximum + (YieldGrowth * t * t * t * _datagram), 4.0 * _datagram);
        if (_yieldWindow > WindowGain * TargetInFlight) _yielding = false;
    }

    private void Advance(in AckSample sample)
    {
        if (_phase != Phase.ProbeRtt && _phase != Phase.Startup && sample.Now - _minimumRttAt > MinimumRttLifetime)
        {
            Enter(Phase.ProbeRtt, sample.Now, CruiseGain);
            _probeRttDoneAt = 0;
        }

        switch (_phase)
        {
            case Phase.Startup: InStartup(sample); break;
            case Phase.Drain: InDrain(sample); break;
            case Phase.Cruise: InCruise(sample); break;
            case Phase.Probe: InProbe(sample); break;
            case Phase.Down: InDown(sample); break;
            case Phase.ProbeRtt: InProbeRtt(sample); break;
        }
    }

    private void InStartup(in AckSample sample)
    {
        if (!_roundStart) return;
        // A round that the sender did not fill proves nothing, unless the bottleneck had a queue all the while.
        if (_roundSenderLimited && !QueueStands) return;
        if (_bandwidth.Value >= _fullBandwidth * FullBandwidthGrowth)
        {
            _fullBandwidth = _bandwidth.Value;
            _fullBandwidthCount = 0;
            return;
        }

        _fullBandwidthCount++;
        // A round that did not grow and stands in a queue or lost a fifth has found the bottleneck without further proof.
        if (_fullBandwidthCount < FullBandwidthRounds && !QueueStands && RoundLossShare < 0.2) return;
        Enter(Phase.Drain, sample.Now, DrainPacingGain);
    }

    private void InDrain(in AckSample sample)
    {
        if (sample.InFlight <= TargetInFlight || _round - _phaseRound >= 4) Enter(Phase.Cruise, sample.Now, CruiseGain);
    }

    private void InCruise(in AckSample sample)
    {
        if (_roundStart && QueueStands && !_foreignQueue && !_yielding)
        {
            Enter(Phase.Down, sample.Now, DownGain);
            return;
        }

        if (_yielding) return;
        var waited = sample.Now - _phaseStartedAt;
        // At least four round trips, and by time beyond that: a short path is probed about once a second, a long one
        // as often as BBR does.
        if (waited < _cruise && _round - _phaseRound < 8) return;
        if (waited < _cruise && _cruise > CruiseBase) return;
        _probeGain = ProbeGain;
        _probeStartBandwidth = _bandwidth.Value;
        Enter(Phase.Probe, sample.Now, _probeGain);
    }

    private void InProbe(in AckSample sample)
    {
        if (!_roundStart || _round == _phaseRound) return;

        var excess = RoundLossShare - _baselineLoss;
        if (excess > ExcessLoss && _roundLost > 3L * _datagram)
        {
            _inflightCeiling = Math.Max(LeastInFlightAfterExcess * TargetInFlight, InFlightAfterExcess * sample.PriorInFlight);
            _cruise = Math.Min(_cruise * 2, CruiseMaximum);
            Enter(Phase.Down, sample.Now, DownGain);
            return;
        }

        // The first round of a probe sends; what it achieved is seen in the second.
        if (_round - _phaseRound < 2) return;
        if (_bandwidth.Value > _probeStartBandwidth * (1 + ((_probeGain - 1) / 2)) && !QueueStands)
        {
            _cruise = CruiseBase;
            _inflightCeiling = double.PositiveInfinity;
            _probeStartBandwidth = _bandwidth.Value;
            _probeGain = Math.Min(MaximumProbeGain, _probeGain * 1.25);
            Enter(Phase.Probe, sample.Now, _probeGain);
            return;
        }

        Enter(Phase.Down, sample.Now, DownGain);
    }

    private void InDown(in AckSample sample)
    {
        if (!_roundStart || _round == _phaseRound) return;
        if (!QueueStands)
        {
            _foreignQueue = false;
            Enter(Phase.Cruise, sample.Now, CruiseGain);
            return;
        }

        if (_round - _phaseRound < 4) return;

        // Four rounds below the estimate did not drain it. Where less arrives than that, the estimate was too high.
        if (_share == 1 && _average > 0 && _average < OverestimateShare * DownGain * _bandwidth.Value)
        {
            _bandwidth.Reset(_round, _average);
            Enter(Phase.Down, sample.Now, DownGain);
            return;
        }

        // Else the queue is not ours.
        _foreignQueue = true;
        Enter(Phase.Cruise, sample.Now, CruiseGain);
    }

    private void InProbeRtt(in AckSample sample)
    {
        if (_probeRttDoneAt == 0)
        {
            if (sample.InFlight <= Math.Max(ProbeRttGain * TargetInFlight, 4.0 * _datagram))
                _probeRttDoneAt = sample.Now + Math.Max(ProbeRttDuration, _minimumRtt);
            return;
        }

        if (sample.Now < _probeRttDoneAt) return;
        _minimumRttAt = sample.Now;
        Enter(Phase.Cruise, sample.Now, CruiseGain);
    }

    private void Enter(Phase phase, long now, double pacingGain)
    {
        _cameFromDown = _phase == Phase.Down;
        _phase = phase;
        _pacingGain = pacingGain;
        _phaseStartedAt = now;
        _phaseRound = _round;
    }

    private void SetRates()
    {
        if (_bandwidth.Value <= 0 || _minimumRtt == 0) return;
        var compensated = _baselineLoss * Math.Clamp((_baselineLoss - (UncompensatedLoss / 2)) / UncompensatedLoss, 0, 1);
        // Where somebody's queue stands, more would only overflow it.
        var compensation = _foreignQueue ? 1 : 1 / (1 - Math.Min(compensated, MaximumCompensatedLoss));
        PacingRate = Math.Max(_pacingGain * compensation * _bandwidth.Value, 2.0 * _datagram * 1e9 / Math.Max(_minimumRtt, QueueFloor));
        var gain = _phase switch
        {
            Phase.Startup => StartupPacingGain,
            Phase.ProbeRtt => ProbeRttGain,
            Phase.Probe => Math.Max(WindowGain, _probeGain + 0.5),
            _ => WindowGain,
        };
        var window = gain * TargetInFlight;
        if (_phase is Phase.Cruise or Phase.Down) window = Math.Min(window, _inflightCeiling);
        window *= compensation;
        if (_yielding) window = Math.Min(window, _yieldWindow);
        PacingRate *= _share;
        window *= _share;
        CongestionWindow = (long)Math.Max(window + (3.0 * _datagram), 4.0 * _datagram);
    }

    private enum Phase
    {
        Startup,
        Drain,
        Cruise,
        Probe,
        Down,
        ProbeRtt,
    }
}
