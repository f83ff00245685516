using System.Net;
using System.Text;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <content>What leaves: which frames, in which order, and when.</content>
public sealed partial class DatagramConnection
{
    // UDP payloads to try above the base: what IPsec and PPPoE leave of 1500, and all of it (IPv4).
    private static readonly int[] ProbeSizes = [1372, 1452, 1472, 8972];

    // The largest frame header of a stream's bytes: kind, id, offset, length. Less room than that is not worth a piece.
    private const int LargestStreamHeader = 1 + 8 + 8 + 4;

    // Probes of a silent path stop backing off here, so that a path that comes back is found within seconds.
    private const long LongestProbeDelay = 2_000_000_000;

    private const long SizeProbeInterval = 600_000_000_000;

    private long QuantumLocked => Math.Clamp(_ledger.Rtt.Minimum / QuantumShare, PacingQuantum, LongestQuantum);

    private static long Nanoseconds(TimeSpan time) => (long)time.TotalNanoseconds;

    private int BuildLocked(Span<byte> buffer, long now, out int segment, out EndPoint to)
    {
        to = _remote;
        segment = 0;
        var written = 0;
        while (true)
        {
            // Those behind the first must not be longer than it: the kernel cuts the batch every segment bytes.
            var size = BuildOneLocked(segment == 0 ? buffer : buffer.Slice(written, segment), now, out var alone);
            if (size == 0) return written;
            written += size;
            if (segment == 0) segment = size;
            if (alone || size < segment || buffer.Length - written < segment || SizeProbeDueLocked(now)) return written;
        }
    }

    private int BuildOneLocked(Span<byte> buffer, long now, out bool alone)
    {
        alone = false;
        if (_closed is not null) return _closesDue > 0 ? BuildCloseLocked(buffer, out alone) : 0;

        var amplification = _validated ? long.MaxValue : (AmplificationLimit * _unvalidatedReceived) - _unvalidatedSent;
        var limit = (int)Math.Min(Math.Min(_datagram, buffer.Length), amplification);
        if (limit < PacketHeader.Size + PacketProtection.TagSize + 64 || !_ledger.CanTrack) return 0;
        if (_greetDue && limit >= _options.BaseDatagram) return BuildGreetingLocked(buffer, now);
        if (SizeProbeDueLocked(now) && buffer.Length >= NextProbeSizeLocked() && amplification >= NextProbeSizeLocked())
        {
            alone = true;
            return BuildSizeProbeLocked(buffer, now);
        }

        _heldByWindow |= _scheduler.Count > 0 && !WindowAllowsLocked();
        var mayCarryData = WindowAllowsLocked() && now >= _nextSendAt - QuantumLocked;
        // All the time until the next packet it had something to send.
        _wasPaced |= _scheduler.Count > 0 && WindowAllowsLocked() && !mayCarryData;
        var acknowledge = now >= _acknowledgeAt;
        var urgent = _probesDue > 0 || _responseDue is not null || _challengeDue || _dataUpdateDue || _streamsUpdateDue || _control.Count > 0;
        if (!acknowledge && !urgent && !(mayCarryData && _scheduler.Count > 0)) return 0;

        var writer = new FrameWriter(buffer[PacketHeader.Size..(limit - PacketProtection.TagSize)]);
        var number = _ledger.NextNumber;
        if (_acknowledgementsDue > 0) WriteAcknowledgementLocked(ref writer, number, now);
        var acknowledgementOnly = writer.Written;
        WriteControlLocked(ref writer, number);
        if (mayCarryData) WriteStreamsLocked(ref writer, number);
        if (writer.Written == acknowledgementOnly && (_probesDue > 0 || _unacknowledgedStreak >= UnacknowledgedStreak)) writer.Kind(FrameKind.Ping);
        if (writer.Written == 0) return 0;

        var eliciting = writer.Written > acknowledgementOnly;
        return SettleLocked(writer.Written, eliciting, now);
    }

    // Accounts for a packet whose frames are written; Build seals it once the lock is free.
    private int SettleLocked(int payload, bool eliciting, long now)
    {
        var size = PacketHeader.Size + payload + PacketProtection.TagSize;
        // How fast a greeting or a request arrives, behind which nothing waits, is not the path's rate.
        var number = eliciting ? _ledger.OnSent(now, size, senderLimited: _scheduler.Count == 0) : _ledger.OnSentUntracked();
        _unsealed.Add((size, number));
        if (!_validated) _unvalidatedSent += size;
        _sentBytes += size;
        if (!eliciting)
        {
            _unacknowledgedStreak++;
            return size;
        }

        _unacknowledgedStreak = 0;
        if (_awaitedSince == 0) _awaitedSince = now;
        if (_probesDue > 0) _probesDue--;
        _controller.OnSent(now, size, _ledger.InFlight);
        PaceLocked(now, size);
        return size;
    }

    // Packets leave at the controller's rate. A sender that woke late may catch up a little at once, and makes up for the rest by and by: otherwise a busy machine's path carries less than
    // is paced, round for round, and the estimate follows it down.
    private void PaceLocked(long now, int size)
    {
        var rate = _controller.PacingRate;
        if (_options.MaximumRate > 0) rate = Math.Min(rate, _options.MaximumRate);
        if (!double.IsFinite(rate) || rate <= 0) return;
        var catchUp = Math.Clamp(_ledger.Rtt.Minimum / CatchUpShare, PacingQuantum, LongestCatchUp);
        var late = now - catchUp - _nextSendAt;
        // Late because the window was closed is the path's doing, not ours.
        if (late > 0 && !_heldByWindow)
        {
            _ledger.MarkSenderLimited();
            if (_wasPaced) _owed = Math.Min(_owed + late, _ledger.Rtt.Minimum / OwedShare);
        }

        _heldByWindow = _wasPaced = false;
        var interval = (long)(size * 1e9 / rate);
        var madeUp = Math.Min(_owed, (long)(interval * MakeUpShare));
        _owed -= madeUp;
        _nextSendAt = Math.Max(_nextSendAt, now - catchUp) + interval - madeUp;
    }

    private bool WindowAllowsLocked() => _probesDue > 0 || _ledger.InFlight + _datagram <= _controller.CongestionWindow;

    private void WriteAcknowledgementLocked(ref FrameWriter writer, long number, long now)
    {
        var ranges = _received.Ranges;
        var count = Math.Min(ranges.Count, MaximumAcknowledgedRanges);

        // Everything that the frame can need; ranges that do not fit are the oldest and matter least.
        const int fixedPart = 1 + 8 + 8 + 8 + 2;
        count = Math.Min(count, (writer.Remaining - fixedPart) / 16);
        if (count < 1) return;
        writer.Kind(FrameKind.Acknowledgement);
        writer.Integer(ranges[0].Last);
        writer.Integer(Math.Max(0, (now - _largestReceivedAt) / 1000));
        writer.Integer(_congestionMarks);
        writer.Integer(count);
        for (var i = 0; i < count; i++)
        {
            writer.Integer(ranges[i].Last - ranges[i].First);
            if (i + 1 < count) writer.Integer(ranges[i].First - ranges[i + 1].Last - 2);
        }

        _contents.Add(number, new SentContents.Content(FrameKind.Acknowledgement, null, ranges[0].Last, 0));
        _acknowledgementsDue = 0;
        _acknowledgeAt = long.MaxValue;
    }

    private void WriteControlLocked(ref FrameWriter writer, long number)
    {
        const int largest = 1 + 8 + 8 + 8;
        if (_responseDue is { } response && writer.Remaining >= largest)
        {
            writer.Kind(FrameKind.PathResponse);
            writer.Bytes(response);
            _responseDue = null;
        }

        if (_challengeDue && _challenge is not null && writer.Remaining >= largest)
        {
            writer.Kind(FrameKind.PathChallenge);
            writer.Bytes(_challenge);
            _contents.Add(number, new SentContents.Content(FrameKind.PathChallenge, null, 0, 0));
            _challengeDue = false;
        }

        if (_dataUpdateDue && writer.Remaining >= largest)
        {
            writer.Kind(FrameKind.MaximumData);
            writer.Integer(_announcedData);
            _contents.Add(number, new SentContents.Content(FrameKind.MaximumData, null, 0, 0));
            _dataUpdateDue = false;
        }

        if (_streamsUpdateDue && writer.Remaining >= largest)
        {
            writer.Kind(FrameKind.MaximumStreams);
            writer.Integer(_announcedStreams);
            _contents.Add(number, new SentContents.Content(FrameKind.MaximumStreams, null, 0, 0));
            _streamsUpdateDue = false;
        }

        while (_control.Count > 0 && writer.Remaining >= 2 * largest)
        {
            var stream = _control.Dequeue();
            if (stream.WindowUpdateDue)
            {
                stream.WindowUpdateDue = false;
                writer.Kind(FrameKind.MaximumStreamData);
                writer.Integer(stream.Id);
                writer.Integer(stream.Receiving.Announced);
                _contents.Add(number, new SentContents.Content(FrameKind.MaximumStreamData, stream, 0, 0));
            }

            if (!stream.ResetDue) continue;
            stream.ResetDue = false;
            writer.Kind(FrameKind.ResetStream);
            writer.Integer(stream.Id);
            writer.Integer(stream.ResetCode);
            writer.Integer(stream.Sending.Sent);
            _contents.Add(number, new SentContents.Content(FrameKind.ResetStream, stream, 0, 0));
        }
    }

    private void WriteStreamsLocked(ref FrameWriter writer, long number)
    {
        while (writer.Remaining > LargestStreamHeader && _scheduler.Next(Credit) is { } stream)
        {
            var sentBefore = stream.Sending.Sent;
            var header = 1 + FrameWriter.SizeOf(stream.Id) + FrameWriter.SizeOf(stream.Sending.NextOffset) + FrameWriter.SizeOf(writer.Remaining);
            var (offset, length) = stream.Sending.Take(writer.Remaining - header, Credit, out var end);
            if (length == 0 && !end) break;
            _sentData += stream.Sending.Sent - sentBefore;
            var kind = end ? FrameKind.StreamEnd : FrameKind.Stream;
            writer.Kind(kind);
            writer.Integer(stream.Id);
            writer.Integer(offset);
            writer.Integer(length);
            stream.Sending.Copy(offset, writer.Reserve(length));
            _contents.Add(number, new SentContents.Content(kind, stream, offset, length));
            _scheduler.OnSent(stream, length);
        }
    }

    private void QueueControlLocked(DatagramStream stream, Action<DatagramStream> mark)
    {
        if (!stream.WindowUpdateDue && !stream.ResetDue) _control.Enqueue(stream);
        mark(stream);
    }

    private int BuildCloseLocked(Span<byte> buffer, out bool alone)
    {
        alone = true;
        _closesDue--;
        var writer = new FrameWriter(buffer[PacketHeader.Size..(Math.Min(buffer.Length, _options.BaseDatagram) - PacketProtection.TagSize)]);
        var reason = Encoding.UTF8.GetBytes(_closeReason);
        if (reason.Length > 200) reason = reason[..200];
        writer.Kind(FrameKind.Close);
        writer.Integer(_closeCode);
        writer.Integer(reason.Length);
        writer.Bytes(reason);
        return SettleLocked(writer.Written, false, 0);
    }

    private int BuildGreetingLocked(Span<byte> buffer, long now)
    {
        _greetDue = false;
        var payload = _options.BaseDatagram - PacketHeader.Size - PacketProtection.TagSize;
        var writer = new FrameWriter(buffer.Slice(PacketHeader.Size, payload));
        writer.Kind(FrameKind.Ping);
        writer.PadTo(payload);
        return SettleLocked(payload, true, now);
    }

    private int NextProbeSizeLocked()
    {
        foreach (var size in ProbeSizes)
        {
            if (size > _datagram && size <= _options.MaximumDatagram) return size;
        }

        return 0;
    }

    // Probes begin once the path is known to work, and are tried again every ten minutes (RFC 8899, section 5.1.1).
    private bool SizeProbeDueLocked(long now)
    {
        if (_probeNumber >= 0 || !_validated || _ledger.Rtt.Minimum == 0 || NextProbeSizeLocked() == 0) return false;
        if (_probeFailures < 3) return true;
        if (now - _probeSizeAt < SizeProbeInterval) return false;
        _probeFailures = 0;
        return true;
    }

    private int BuildSizeProbeLocked(Span<byte> buffer, long now)
    {
        _probeSize = NextProbeSizeLocked();
        _probeSizeAt = now;
        _probeNumber = _ledger.NextNumber;
        var payload = _probeSize - PacketHeader.Size - PacketProtection.TagSize;
        var writer = new FrameWriter(buffer.Slice(PacketHeader.Size, payload));
        writer.Kind(FrameKind.Ping);
        writer.PadTo(payload);
        return SettleLocked(payload, true, now);
    }

    private long ProbeTimeLocked() =>
        _ledger.InFlight == 0 || _ledger.LossTime != long.MaxValue
            ? long.MaxValue
            : _ledger.LastSentAt + ProbeDelayLocked();

    private long ProbeDelayLocked()
    {
        var once = _ledger.Rtt.ProbeTimeout(MaximumAcknowledgementDelay);
        return Math.Max(once, Math.Min(once << Math.Min(_probeTimeouts, 6), LongestProbeDelay));
    }

    private void OnProbeTimeoutLocked(long now)
    {
        _probeTimeouts++;
        _probesDue = 2;
        if (_probeTimeouts < 3) return;

        // Silence: nothing of what is in flight will be confirmed any more, and the path may carry only small datagrams.
        _lostNow.Clear();
        var bytes = _ledger.LoseEverything(_lostNow);
        OnLostLocked();
        _datagram = _options.BaseDatagram;
        if (_probeTimeouts == 3) _controller.OnLost(now, bytes, 0, true);
    }
}
