using System.Numerics;

namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>
/// Every packet of one path from sending to its end: what is in flight, what an acknowledgement newly confirms, what is lost
/// (RACK, RFC 8985, with the packet threshold of RFC 9002 until reordering is seen), and the delivery-rate sample of each
/// acknowledgement. Times are nanoseconds. Not thread-safe.
/// </summary>
public sealed class PacketLedger
{
    /// <summary>Packets after which a gap counts as loss while no reordering was seen (RFC 9002, section 6.1.1).</summary>
    private const int PacketThreshold = 3;

    /// <summary>Most packets tracked at once; a sender that reaches it must wait, which bounds memory to about 50 MiB a path.</summary>
    public const int MaximumTracked = 1 << 20;

    // What is outstanding: a ring indexed by packet number.
    private Entry[] _ring = new Entry[1024];
    private long _first;
    private long _next;
    private long _oldestOutstanding;

    // Delivery rate: names as in draft-cheng-iccrg-delivery-rate-estimation-02.
    private long _delivered;
    private long _deliveredAt;
    private long _firstSentAt;
    private long _senderLimitedUntil;

    // RACK.
    private long _rackSentAt = long.MinValue;
    private long _largestAcknowledged = -1;
    private int _reorderingMultiplier;
    private bool _reorderingSeen;

    private RttEstimator _rtt;

    /// <summary>Bytes sent and neither acknowledged nor lost.</summary>
    public long InFlight { get; private set; }

    /// <summary>Bytes acknowledged since the path was opened.</summary>
    public long Delivered => _delivered;

    /// <summary>Bytes declared lost since the path was opened; a loss that proves spurious is taken back.</summary>
    public long Lost { get; private set; }

    /// <summary>Round-trip estimates of the path.</summary>
    public RttEstimator Rtt => _rtt;

    /// <summary>The number that the next packet gets.</summary>
    public long NextNumber => _next;

    /// <summary>Whether another packet can be tracked.</summary>
    public bool CanTrack => _next - _first < MaximumTracked;

    /// <summary>When the oldest outstanding packet must be looked at again for loss; <see cref="long.MaxValue"/> if at no set time.</summary>
    public long LossTime { get; private set; } = long.MaxValue;

    /// <summary>When the newest packet left; 0 before the first.</summary>
    public long LastSentAt { get; private set; }

    /// <summary>A round-trip time from elsewhere, believed until the first sample.</summary>
    public void ExpectRtt(long rtt) => _rtt.Expect(rtt);

    /// <summary>Records a packet and gives its number.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="senderLimited">There was no more to send than this packet: its sample says nothing about the path's rate.</param>
    /// <exception cref="InvalidOperationException">More than <see cref="MaximumTracked"/> packets are tracked: ask <see cref="CanTrack"/> first.</exception>
    public long OnSent(long now, int bytes, bool senderLimited = false)
    {
        if (!CanTrack) throw new InvalidOperationException("Too many packets are outstanding; wait for acknowledgements (CanTrack).");
        if (_next - _first == _ring.Length) Grow();

        if (InFlight == 0) _firstSentAt = _deliveredAt = now;
        var number = _next++;
        EntryOf(number) = new Entry
        {
            SentAt = now,
            Bytes = bytes,
            FirstSentAt = _firstSentAt,
            DeliveredAt = _deliveredAt,
            Delivered = _delivered,
            SenderLimited = senderLimited || _senderLimitedUntil > _delivered,
            State = PacketState.Outstanding,
        };
        InFlight += bytes;
        LastSentAt = now;
        return number;
    }

    /// <summary>Gives a number to a packet that needs no acknowledgement and is not in flight (RFC 9002, section 2).</summary>
    public long OnSentUntracked()
    {
        if (!CanTrack) throw new InvalidOperationException("Too many packets are outstanding; wait for acknowledgements (CanTrack).");
        if (_next - _first == _ring.Length) Grow();
        var number = _next++;
        EntryOf(number) = new Entry { State = PacketState.Acknowledged };
        return number;
    }

    /// <summary>The oldest number that an acknowledgement or a loss can still concern.</summary>
    public long Oldest => _first;

    /// <summary>
    /// The sender is not filling the path (nothing to send, flow control, or a timer that fired late): samples of what is
    /// in flight now cannot lower an estimate.
    /// </summary>
    public void MarkSenderLimited() => _senderLimitedUntil = Math.Max(1, _delivered + InFlight);

    /// <summary>Takes an acknowledgement.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="ranges">Acknowledged numbers, in any order; numbers never sent make the call fail.</param>
    /// <param name="acknowledgementDelay">Nanoseconds that the peer held it back.</param>
    /// <param name="ecnMarked">The peer counted new Congestion Experienced marks.</param>
    /// <param name="acknowledged">Receives the numbers newly acknowledged.</param>
    /// <param name="lost">Receives the numbers newly declared lost.</param>
    /// <param name="sample">What the controller needs to know.</param>
    /// <returns>Whether anything was newly acknowledged.</returns>
    /// <exception cref="DwcpProtocolException">A number was acknowledged that was never sent.</exception>
    public bool OnAcknowledged(
        long now, ReadOnlySpan<PacketRange> ranges, long acknowledgementDelay, bool ecnMarked,
        ICollection<long> acknowledged, ICollection<long> lost, out AckSample sample)
    {
        var priorInFlight = InFlight;
        var ackedBytes = 0;
        var newest = -1L;
        Entry newestEntry = default;
        foreach (var range in ranges)
        {
            if (range.Last >= _next || range.First > range.Last || range.First < 0)
                throw new DwcpProtocolException(
                    $"The peer acknowledged packets {range.First}..{range.Last}, but only 0..{_next - 1} were sent. The path is closed.");
            for (var number = Math.Max(range.First, _first); number <= range.Last; number++)
            {
                ref var entry = ref EntryOf(number);
                if (entry.State == PacketState.Acknowledged) continue;
                if (entry.State == PacketState.Lost) OnSpuriousLoss(ref entry);
                else InFlight -= entry.Bytes;

                entry.State = PacketState.Acknowledged;
                ackedBytes += entry.Bytes;
                _delivered += entry.Bytes;
                _deliveredAt = now;
                acknowledged.Add(number);
                if (number <= newest) continue;
                newest = number;
                newestEntry = entry;
            }
        }

        if (newest < 0)
        {
            sample = default;
            return false;
        }

        var rtt = now - newestEntry.SentAt;
        if (newest > _largestAcknowledged)
        {
            _largestAcknowledged = newest;
            _rtt.Update(rtt, acknowledgementDelay);
        }
        else
        {
            _reorderingSeen |= newestEntry.SentAt < _rackSentAt;
            rtt = 0;
        }

        _rackSentAt = Math.Max(_rackSentAt, newestEntry.SentAt);
        var lostBytes = DetectLoss(now, lost);
        var rate = DeliveryRate(now, newestEntry);
        if (_delivered > _senderLimitedUntil) _senderLimitedUntil = 0;
        Forget();
        sample = new AckSample(now, ackedBytes, lostBytes, InFlight, priorInFlight, _delivered, newestEntry.Delivered, rate,
            newestEntry.SenderLimited, rtt, ecnMarked);
        return true;
    }

    /// <summary>Declares lost what has waited beyond the reordering window. Call it when <see cref="LossTime"/> has come.</summary>
    /// <returns>Bytes newly declared lost.</returns>
    public int DetectLoss(long now, ICollection<long> lost)
    {
        LossTime = long.MaxValue;
        if (_rackSentAt == long.MinValue) return 0;

        var window = ReorderingWindow();
        var lostBytes = 0;
        while (_oldestOutstanding < _next && EntryOf(_oldestOutstanding).State != PacketState.Outstanding) _oldestOutstanding++;
        for (var number = _oldestOutstanding; number < _next; number++)
        {
            ref var entry = ref EntryOf(number);
            if (entry.SentAt > _rackSentAt) break;
            if (entry.State != PacketState.Outstanding) continue;
            var due = entry.SentAt + Math.Max(_rtt.Latest, _rtt.Smoothed) + window;
            var beyondThreshold = !_reorderingSeen && number + PacketThreshold <= _largestAcknowledged;
            if (due > now && !beyondThreshold)
            {
                LossTime = Math.Min(LossTime, due);
                continue;
            }

            if (number > _largestAcknowledged) continue;
            entry.State = PacketState.Lost;
            InFlight -= entry.Bytes;
            Lost += entry.Bytes;
            lostBytes += entry.Bytes;
            lost.Add(number);
        }

        return lostBytes;
    }

    /// <summary>Declares everything outstanding lost: the path was silent for too long.</summary>
    /// <returns>Bytes newly declared lost.</returns>
    public int LoseEverything(ICollection<long> lost)
    {
        var lostBytes = 0;
        for (var number = _first; number < _next; number++)
        {
            ref var entry = ref EntryOf(number);
            if (entry.State != PacketState.Outstanding) continue;
            entry.State = PacketState.Lost;
            lostBytes += entry.Bytes;
            lost.Add(number);
        }

        Lost += lostBytes;
        InFlight = 0;
        LossTime = long.MaxValue;
        return lostBytes;
    }

    /// <summary>Bytes of a tracked packet.</summary>
    public int BytesOf(long number) => EntryOf(number).Bytes;

    private double DeliveryRate(long now, in Entry newest)
    {
        var sendElapsed = newest.SentAt - newest.FirstSentAt;
        var ackElapsed = now - newest.DeliveredAt;
        _firstSentAt = Math.Max(_firstSentAt, newest.SentAt);
        var interval = Math.Max(sendElapsed, ackElapsed);
        // An interval below the least round trip is acknowledgement compression, not delivery (section 4.1.3 of the draft).
        return interval < _rtt.Minimum || interval <= 0 ? 0 : (_delivered - newest.Delivered) * 1e9 / interval;
    }

    private void OnSpuriousLoss(ref Entry entry)
    {
        Lost -= entry.Bytes;
        _reorderingSeen = true;
        _reorderingMultiplier = Math.Min(_reorderingMultiplier + 1, 16);
    }

    // RFC 8985, section 7.2: a quarter of the least round trip, widened by each spurious loss, never above the smoothed one.
    private long ReorderingWindow() => Math.Min((1 + _reorderingMultiplier) * (_rtt.Minimum / 4), _rtt.Smoothed);

    // A lost entry stays for one smoothed round trip, so that a late acknowledgement is recognised as a spurious loss.
    private void Forget()
    {
        var horizon = _deliveredAt - (2 * _rtt.Smoothed);
        while (_first < _next)
        {
            ref var entry = ref EntryOf(_first);
            if (entry.State == PacketState.Outstanding || (entry.State == PacketState.Lost && entry.SentAt > horizon)) return;
            _first++;
        }
    }

    private ref Entry EntryOf(long number) => ref _ring[number & (_ring.Length - 1)];

    private void Grow()
    {
        var larger = new Entry[(int)BitOperations.RoundUpToPowerOf2((uint)_ring.Length + 1)];
        for (var number = _first; number < _next; number++) larger[number & (larger.Length - 1)] = EntryOf(number);
        _ring = larger;
    }

    private enum PacketState : byte
    {
        Outstanding,
        Acknowledged,
        Lost,
    }

    private struct Entry
    {
        public long SentAt;
        public long FirstSentAt;
        public long DeliveredAt;
        public long Delivered;
        public int Bytes;
        public bool SenderLimited;
        public PacketState State;
    }
}
