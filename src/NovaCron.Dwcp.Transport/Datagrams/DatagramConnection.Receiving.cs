using System.Net;
using System.Security.Cryptography;
using System.Text;
using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <content>What came: frames, acknowledgements, addresses, the end.</content>
public sealed partial class DatagramConnection
{
    // Gaps that a stream may have: more are only made by a peer that wants to fill our memory.
    private const int MaximumGaps = 4096;

    // A reader is woken for this much, for the end of a burst, or after this long (a share of the least round trip): a wake-up for every packet costs more than the packet, and brings
    // nothing; a pool thread that is woken too often spins in between. On a near path the delay is what timers can tell apart.
    private const long ReadableBatch = 256 * 1024;
    private const long ReadableDelay = 2_000_000;
    private const long NearReadableDelay = 1_000_000;
    private const long LongestReadableDelay = 8_000_000;
    private const int ReadableShare = 25;

    // What is older than this many numbers is not looked at.
    private const long ReplayWindow = 1L << 20;

    // A writer is woken when it can write this share of what may wait unsent, within these bounds.
    private const int WritableShare = 8;
    private const long LeastWritable = 64 * 1024;
    private const long MostWritable = 512 * 1024;

    private void ReceiveLocked(ReadOnlySpan<byte> datagram, in PacketHeader header, bool opened, EndPoint from, long now, bool congestionMarked)
    {
        if (_closed is not null) return;
        if (!opened || header.Number <= _received.Largest - ReplayWindow)
        {
            Unauthenticated++;
            return;
        }

        if (!_received.TryAdd(header.Number))
        {
            Replayed++;
            return;
        }

        _lastReceivedAt = now;
        if (!_heard)
        {
            _heard = true;
            _heardSignal.Set();
        }

        if (congestionMarked) _congestionMarks++;
        OnAddressLocked(from, header.Number == _received.Largest, datagram.Length, now);
        if (header.Number == _received.Largest) _largestReceivedAt = now;
        try
        {
            if (ReadFramesLocked(datagram[PacketHeader.Size..^PacketProtection.TagSize], now)) OnAcknowledgementDueLocked(header.Number, now);
            _awaitedSince = _ledger.InFlight > 0 ? now : 0;
        }
        catch (DwcpProtocolException error)
        {
            // An authenticated peer that breaks the protocol: told why, and let go.
            _closesDue = CloseCopies;
            _closeCode = (long)error.Code;
            _closeReason = error.Message;
            EndLocked(error);
        }
    }

    private bool ReadFramesLocked(ReadOnlySpan<byte> payload, long now)
    {
        // More of a burst is to come behind a full datagram. On a near path, where waiting for it is longer than a round trip, only what is as large as the largest counts as full.
        _largestPayload = Math.Max(_largestPayload, payload.Length);
        var full = _ledger.Rtt.Minimum < ReadableDelay ? _largestPayload : _options.BaseDatagram - PacketHeader.Size - PacketProtection.TagSize;
        var burst = payload.Length >= full;
        if (payload.IsEmpty) throw new DwcpProtocolException("A datagram without a frame.");
        var reader = new FrameReader(payload);
        var needsAcknowledgement = false;
        while (!reader.AtEnd)
        {
            var kind = reader.Kind();
            needsAcknowledgement |= kind is not (FrameKind.Padding or FrameKind.Acknowledgement or FrameKind.Close);
            switch (kind)
            {
                case FrameKind.Padding: reader.SkipPadding(); break;
                case FrameKind.Ping: break;
                case FrameKind.Acknowledgement: ReadAcknowledgementLocked(ref reader, now); break;
                case FrameKind.Stream or FrameKind.StreamEnd: ReadStreamLocked(ref reader, kind == FrameKind.StreamEnd, burst, now); break;
                case FrameKind.ResetStream: ReadResetLocked(ref reader); break;
                case FrameKind.StopSending: ReadStopLocked(ref reader); break;
                case FrameKind.MaximumData: RaiseSendLimitLocked(reader.Integer()); break;
                case FrameKind.MaximumStreamData: RaiseStreamLimitLocked(reader.Integer(), reader.Integer()); break;
                case FrameKind.MaximumStreams:
                    _streamLimit = Math.Max(_streamLimit, reader.Integer());
                    _openable.Set();
                    break;
                case FrameKind.PathChallenge: _responseDue = reader.Bytes(8).ToArray(); break;
                case FrameKind.PathResponse: OnPathResponseLocked(reader.Bytes(8), now); break;
                case FrameKind.Close: ReadCloseLocked(ref reader); return false;
                default: throw new DwcpProtocolException($"Unknown frame kind {(byte)kind}.");
            }
        }

        return needsAcknowledgement;
    }

    private void ReadAcknowledgementLocked(ref FrameReader reader, long now)
    {
        var last = reader.Integer();
        var delay = Math.Min(reader.Integer(), MaximumAcknowledgementDelay * 4 / 1000) * 1000;
        var marks = reader.Integer();
        var count = reader.Integer();
        if (count is < 1 or > MaximumAcknowledgedRanges) throw new DwcpProtocolException("An acknowledgement with an impossible number of ranges.");
        Span<PacketRange> ranges = stackalloc PacketRange[(int)count];
        for (var i = 0; i < count; i++)
        {
            var first = last - reader.Integer();
            if (first < 0) throw new DwcpProtocolException("An acknowledgement of negative packet numbers.");
            ranges[i] = new PacketRange(first, last);
            if (i + 1 < count) last = first - reader.Integer() - 2;
        }

        _acknowledgedNow.Clear();
        _lostNow.Clear();
        var marked = marks > _peerCongestionMarks;
        _peerCongestionMarks = Math.Max(_peerCongestionMarks, marks);
        if (!_ledger.OnAcknowledged(now, ranges, delay, marked, _acknowledgedNow, _lostNow, out var sample)) return;
        _probeTimeouts = 0;
        foreach (var number in _acknowledgedNow) OnAcknowledgedLocked(number);
        OnLostLocked();
        _contents.ForgetBefore(_ledger.Oldest);
        _controller.OnAcknowledged(sample);
    }

    private void OnAcknowledgedLocked(long number)
    {
        if (number == _probeNumber)
        {
            _datagram = _probeSize;
            _probeNumber = -1;
            _probeFailures = 0;
        }

        _contents.Take(number, _taken);
        foreach (var content in _taken)
        {
            switch (content.Kind)
            {
                case FrameKind.Stream or FrameKind.StreamEnd:
                    var stream = content.Stream!;
                    stream.Sending.OnAcknowledged(content.Value, content.Length, content.Kind == FrameKind.StreamEnd);
                    if (stream.Sending.IsDone || SendRoomLocked(stream) >= WritableBatchLocked) stream.SignalWritableLocked();
                    RetireLocked(stream);
                    break;
                case FrameKind.ResetStream:
                    RetireLocked(content.Stream!);
                    break;
                case FrameKind.Acknowledgement:
                    _received.ForgetUpTo(content.Value - 1);
                    break;
            }
        }
    }

    private long WritableBatchLocked => Math.Min(Math.Clamp(UnsentLimitLocked / WritableShare, LeastWritable, MostWritable), _options.SendBuffer / 2);

    private void OnLostLocked()
    {
        foreach (var number in _lostNow)
        {
            if (number == _probeNumber)
            {
                // Too large for the path, or an ordinary loss: two more tries tell (RFC 8899, section 5.1.3).
                _probeNumber = -1;
                _probeFailures++;
            }

            _contents.Take(number, _taken);
            foreach (var content in _taken) OnContentLostLocked(content);
        }

        _lostNow.Clear();
    }

    private void OnContentLostLocked(in SentContents.Content content)
    {
        switch (content.Kind)
        {
            case FrameKind.Stream or FrameKind.StreamEnd:
                content.Stream!.Sending.OnLost(content.Value, content.Length, content.Kind == FrameKind.StreamEnd);
                OnWorkLocked(content.Stream);
                break;
            case FrameKind.ResetStream: QueueControlLocked(content.Stream!, s => s.ResetDue = true); break;
            case FrameKind.MaximumStreamData: QueueControlLocked(content.Stream!, s => s.WindowUpdateDue = true); break;
            case FrameKind.MaximumData: _dataUpdateDue = true; break;
            case FrameKind.MaximumStreams: _streamsUpdateDue = true; break;
            case FrameKind.PathChallenge: _challengeDue = _challenge is not null; break;
        }
    }

    private void ReadStreamLocked(ref FrameReader reader, bool end, bool burst, long now)
    {
        var id = reader.Integer();
        var offset = reader.Integer();
        var bytes = reader.Bytes(reader.Integer());
        if (FindStreamLocked(id) is not { } stream) return;
        CountReceivedLocked(stream.Receiving.Receive(offset, bytes, end));
        if (stream.Receiving.Gaps > MaximumGaps) throw new DwcpProtocolException($"Stream {id} has more than {MaximumGaps} gaps.");
        if (end || stream.Receiving.Available >= ReadableBatch)
        {
            stream.SignalReadableLocked();
        }
        else if (stream.Receiving.Available > 0)
        {
            if (!stream.ReadableDue)
            {
                stream.ReadableDue = true;
                _readable.Add(stream);
            }

            // A short datagram ends a burst, also one that began with full ones.
            _readableAt = Math.Min(_readableAt, burst ? now + ReadableDelayLocked : now);
        }

        RetireLocked(stream);
    }

    private long ReadableDelayLocked => _ledger.Rtt.Minimum < ReadableDelay ? NearReadableDelay : Math.Clamp(_ledger.Rtt.Minimum / ReadableShare, ReadableDelay, LongestReadableDelay);

    private void WakeReadersLocked()
    {
        _readableAt = long.MaxValue;
        foreach (var stream in _readable)
        {
            stream.ReadableDue = false;
            stream.SignalReadableLocked();
        }

        _readable.Clear();
    }

    private void ReadResetLocked(ref FrameReader reader)
    {
        var id = reader.Integer();
        var code = reader.Integer();
        var size = reader.Integer();
        if (FindStreamLocked(id) is not { } stream) return;
        CountReceivedLocked(stream.Receiving.Reset(code, size));
        stream.SignalReadableLocked();
        RetireLocked(stream);
    }

    private void ReadStopLocked(ref FrameReader reader)
    {
        var id = reader.Integer();
        var code = reader.Integer();
        if (FindStreamLocked(id) is not { } stream) return;
        AbortLocked(stream, code);
        stream.SignalWritableLocked();
    }

    private void ReadCloseLocked(ref FrameReader reader)
    {
        var code = reader.Integer();
        var reason = Encoding.UTF8.GetString(reader.Bytes(Math.Min(reader.Integer(), 200)));
        EndLocked(new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, $"The peer closed the connection (code {code}): {reason}"));
    }

    // Null for a stream that is over: its late packets mean nothing.
    private DatagramStream? FindStreamLocked(long id)
    {
        if (_streams.TryGetValue(id, out var stream)) return stream;
        var ours = id % 2 == (_isClient ? 0 : 1);
        if (ours)
        {
            if (id >= _nextStreamId) throw new DwcpProtocolException($"A frame for stream {id}, which was never opened.");
            return null;
        }

        var index = id / 2;
        if (index < _peerStreams) return null;
        if (index >= _announcedStreams) throw new DwcpProtocolException($"The peer opened stream {id}, beyond the limit of {_announcedStreams}.");

        // Streams are opened in order of their numbers; a packet that was overtaken opens the ones before it too.
        DatagramStream? opened = null;
        for (; _peerStreams <= index; _peerStreams++)
        {
            var number = (_peerStreams * 2) + (_isClient ? 1 : 0);
            opened = new DatagramStream(this, number, StreamPriority.Bulk, 1, _options.StreamWindow, _options.StreamWindow);
            _streams.Add(number, opened);
            _accepted.Enqueue(opened);
        }

        _acceptable.Set();
        return opened;
    }

    private void CountReceivedLocked(long fresh)
    {
        _receivedData += fresh;
        if (_receivedData > _announcedData) throw new DwcpProtocolException("The peer exceeds the connection's announced window.");
    }

    private void RaiseSendLimitLocked(long limit)
    {
        if (limit <= _sendLimit) return;
        _sendLimit = limit;
        foreach (var stream in _streams.Values) OnWorkLocked(stream);
    }

    private void RaiseStreamLimitLocked(long id, long limit)
    {
        if (FindStreamLocked(id) is not { } stream || limit <= stream.Sending.Limit) return;
        stream.Sending.Limit = limit;
        OnWorkLocked(stream);
    }

    private void RetireLocked(DatagramStream stream)
    {
        if (!stream.Sending.IsDone || !stream.Receiving.IsDone || stream.ResetDue || !_streams.Remove(stream.Id)) return;

        // What was received and never read no longer holds the connection's window.
        _consumedData += stream.Receiving.Highest - stream.Receiving.Consumed;
        _dataUpdateDue |= _announcedData - _consumedData <= _options.ConnectionWindow / 2;
        if (_dataUpdateDue) _announcedData = Math.Max(_announcedData, _consumedData + _options.ConnectionWindow);
        if (stream.Id % 2 == (_isClient ? 0 : 1)) return;
        _announcedStreams++;
        _streamsUpdateDue |= _announcedStreams % Math.Max(1, _options.MaximumStreams / 4) == 0;
    }

    private void OnAcknowledgementDueLocked(long number, long now)
    {
        _acknowledgementsDue++;
        var every = _received.Largest < YoungPackets ? AcknowledgeEveryWhenYoung : AcknowledgeEvery;
        var gap = number < _received.Largest || _received.Ranges.Count > 1 && _received.Ranges[0].First == number;
        if (_acknowledgementsDue >= every || gap) _acknowledgeAt = now;
        else if (_acknowledgeAt == long.MaxValue) _acknowledgeAt = now + AcknowledgementDelayLocked();
    }

    private long AcknowledgementDelayLocked() =>
        _ledger.Rtt.Minimum == 0 ? MaximumAcknowledgementDelay : Math.Clamp(_ledger.Rtt.Minimum / 8, 100_000, MaximumAcknowledgementDelay);

    // A datagram from elsewhere that nobody but the peer can have sealed: the peer moved, or a NAT gave it another port.
    private void OnAddressLocked(EndPoint from, bool newest, int bytes, long now)
    {
        if (!_validated && from.Equals(_remote)) _unvalidatedReceived += bytes;
        if (!newest || from.Equals(_remote)) return;
        if (_validated) _validRemote = _remote;
        _remote = from;
        if (from.Equals(_validRemote))
        {
            _validated = true;
            _validationDeadline = long.MaxValue;
            return;
        }

        _validated = false;
        _unvalidatedReceived = bytes;
        _unvalidatedSent = 0;
        BeginValidationLocked(now);
    }

    private void BeginValidationLocked(long now)
    {
        _challenge = RandomNumberGenerator.GetBytes(8);
        _challengeDue = true;
        _validationTries = 0;
        _validationDeadline = now + (3 * _ledger.Rtt.ProbeTimeout(MaximumAcknowledgementDelay));
    }

    private void OnPathResponseLocked(ReadOnlySpan<byte> response, long now)
    {
        if (_challenge is null || !CryptographicOperations.FixedTimeEquals(response, _challenge)) return;
        var moved = _validRemote is not null && !SameHost(_validRemote, _remote);
        _challenge = null;
        _validated = true;
        _validRemote = _remote;
        _validationDeadline = long.MaxValue;

        // Another host's path has nothing to do with the old one; another port of the same host is a NAT (RFC 9000, section 9.4).
        if (!moved) return;
        _controller.OnLost(now, 0, _ledger.InFlight, true);
        _datagram = _options.BaseDatagram;
        _probeFailures = 0;
    }

    private void OnValidationFailedLocked(long now)
    {
        if (_validRemote is not null && !_validRemote.Equals(_remote))
        {
            _remote = _validRemote;
            _validated = true;
            _challenge = null;
            _validationDeadline = long.MaxValue;
            return;
        }

        _challengeDue = true;
        _validationDeadline = now + (_ledger.Rtt.ProbeTimeout(MaximumAcknowledgementDelay) << Math.Min(++_validationTries, 5));
    }

    private void EndLocked(DwcpTransferException reason)
    {
        if (_closed is not null) return;
        _closed = reason;
        _acceptable.Set();
        _openable.Set();
        _heardSignal.Set();
        foreach (var stream in _streams.Values)
        {
            stream.SignalReadableLocked();
            stream.SignalWritableLocked();
        }
    }

    private static bool SameHost(EndPoint a, EndPoint b) => a is IPEndPoint x && b is IPEndPoint y && x.Address.Equals(y.Address);
}
