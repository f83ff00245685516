using System.Net;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Scheduling;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>
/// One encrypted, multiplexed connection over datagrams, without sockets, threads or a clock of its own: datagrams and the
/// time go in, datagrams come out. A socket loop drives it on the wire, the simulator in tests.
/// Wire format: docs/format.md, "Datagrams".
/// </summary>
/// <remarks>All times are nanoseconds of one monotonic clock. Every member may be called from any thread; methods with the
/// suffix <c>Locked</c> expect <see cref="Gate"/> to be held.</remarks>
public sealed partial class DatagramConnection : IDisposable
{
    // Acknowledge at once after this many packets; every second one while a connection is young, so that it starts fast.
    private const int AcknowledgeEvery = 16;
    private const int AcknowledgeEveryWhenYoung = 2;
    private const int YoungPackets = 200;
    private const long MaximumAcknowledgementDelay = 4_000_000;

    // A peer's ranges are taken newest first, and no more than this many.
    private const int MaximumAcknowledgedRanges = 64;

    // Packets without need for acknowledgement after which one asks for it, so that the peer forgets our ranges.
    private const int UnacknowledgedStreak = 32;

    // Bytes sent to an address before it proved that it is the peer's: three times what came from it (RFC 9000, section 8.1).
    private const int AmplificationLimit = 3;

    // Pacing: packets of this much time may leave together, so that one wake-up sends a batch. On a long path it is this share of the least round trip: a burst that such a path's
    // buffers do not notice, and half of the wake-ups or less.
    private const long PacingQuantum = 1_000_000;
    private const long LongestQuantum = 3_000_000;
    private const int QuantumShare = 50;

    // A sender that woke late on a busy machine may catch up this share of the least round trip: what a buffer of a tenth of the path still takes.
    private const int CatchUpShare = 16;
    private const long LongestCatchUp = 8_000_000;

    // What it is late beyond that is made up for by intervals shorter by this share (a rate of 1.25, as a probe's), and forgotten beyond this share of the least round trip: by then the
    // path's queue has run dry, and nothing brings that time back.
    private const double MakeUpShare = 0.2;
    private const int OwedShare = 4;

    // Bytes of a stream that wait unsent: so much of the present rate, and at least so many. On a near path less: there a writer is back at once, and what waits for a tenth of a second at
    // hundreds of megabytes a second has left the processor's caches before it is sealed.
    private const double UnsentSeconds = 0.1;
    private const double NearUnsentSeconds = 0.01;
    private const double UnsentRoundTrips = 2;
    private const long LeastUnsent = 512 * 1024;

    // Nothing confirms a goodbye; three of them make it unlikely that all are lost.
    private const int CloseCopies = 3;

    private readonly DatagramConnectionOptions _options;

    // Ciphers work outside of the connection's lock, which readers, writers and the other direction wait for: each direction has one of its own, taken before it.
    private readonly object _sealingGate = new();
    private readonly object _openingGate = new();
    private readonly PacketProtection _sealing;
    private readonly PacketProtection _opening;
    private readonly List<(int Size, long Number)> _unsealed = [];
    private readonly Dictionary<long, DatagramStream> _streams = [];
    private readonly Queue<DatagramStream> _accepted = new();
    private readonly AsyncSignal _acceptable = new();
    private readonly AsyncSignal _openable = new();
    private readonly Action<DatagramConnection> _wake;
    private readonly bool _isClient;

    // What is on the way.
    private readonly PacketLedger _ledger = new();
    private readonly SentContents _contents = new();
    private readonly ICongestionController _controller;
    private readonly List<long> _acknowledgedNow = [];
    private readonly List<long> _lostNow = [];
    private readonly List<SentContents.Content> _taken = [];
    private long _nextSendAt;
    private bool _heldByWindow;
    private bool _wasPaced;
    private long _owed;
    private int _probeTimeouts;
    private int _probesDue;
    private int _unacknowledgedStreak;
    private long _sentBytes;
    private long _awaitedSince;

    // What came.
    private readonly ReceivedPackets _received = new();
    private long _largestReceivedAt;
    private int _acknowledgementsDue;
    private long _acknowledgeAt = long.MaxValue;
    private long _lastReceivedAt;
    private long _congestionMarks;
    private long _peerCongestionMarks;

    // Streams to serve.
    private readonly StreamScheduler<DatagramStream> _scheduler = new();
    private readonly Queue<DatagramStream> _control = new();
    private long _nextStreamId;
    private long _peerStreams;
    private long _streamLimit;
    private long _announcedStreams;

    // Readers that are woken together.
    private readonly List<DatagramStream> _readable = [];
    private long _readableAt = long.MaxValue;
    private int _largestPayload;

    // Flow control of the connection.
    private long _sendLimit;
    private long _sentData;
    private long _receivedData;
    private long _consumedData;
    private long _announcedData;
    private bool _dataUpdateDue;
    private bool _streamsUpdateDue;

    // The beginning: whether the peer was ever heard.
    private readonly AsyncSignal _heardSignal = new();
    private bool _heard;
    private bool _greetDue;

    // The address of the peer.
    private EndPoint _remote;
    private EndPoint? _validRemote;
    private bool _validated;
    private long _unvalidatedReceived;
    private long _unvalidatedSent;
    private byte[]? _challenge;
    private bool _challengeDue;
    private byte[]? _responseDue;
    private long _validationDeadline = long.MaxValue;
    private int _validationTries;

    // The path's datagram size (RFC 8899).
    private int _datagram;
    private int _probeSize;
    private long _probeNumber = -1;
    private int _probeFailures;
    private long _probeSizeAt;

    // The end.
    private DwcpTransferException? _closed;
    private int _closesDue;
    private long _closeCode;
    private string _closeReason = "";

    /// <summary>Makes one end of a connection.</summary>
    /// <param name="isClient">Whether this end opened it.</param>
    /// <param name="localId">The id in datagrams to us.</param>
    /// <param name="remoteId">The id in datagrams to the peer.</param>
    /// <param name="secret">32 bytes that both ends derived inside TLS (<see cref="PacketProtection.DeriveSecret"/>).</param>
    /// <param name="remote">Where the peer is; for a server the address that the client announced or first sent from.</param>
    /// <param name="remoteIsValid">The address was proved by the control connection.</param>
    /// <param name="controller">How fast to send.</param>
    /// <param name="options">Limits.</param>
    /// <param name="now">The clock.</param>
    /// <param name="wake">Called without lock when there may be something to send.</param>
    public DatagramConnection(
        bool isClient, ulong localId, ulong remoteId, ReadOnlySpan<byte> secret, EndPoint remote, bool remoteIsValid,
        ICongestionController controller, DatagramConnectionOptions options, long now, Action<DatagramConnection> wake)
    {
        _isClient = isClient;
        LocalId = localId;
        RemoteId = remoteId;
        var chaCha = options.UseChaCha;
        _sealing = new PacketProtection(secret, isClient ? "client 0" : "server 0", chaCha, options.PacketsPerEpoch);
        _opening = new PacketProtection(secret, isClient ? "server 0" : "client 0", chaCha, options.PacketsPerEpoch);
        _remote = remote;
        _validated = remoteIsValid;
        _validRemote = remoteIsValid ? remote : null;
        _controller = controller;
        _options = options;
        _wake = wake;
        _lastReceivedAt = now;
        _nextStreamId = isClient ? 0 : 1;
        _streamLimit = _announcedStreams = options.MaximumStreams;
        _sendLimit = _announcedData = options.ConnectionWindow;
        _datagram = options.BaseDatagram;
        if (options.InitialRtt > TimeSpan.Zero) _ledger.ExpectRtt(Nanoseconds(options.InitialRtt));
        if (!_validated) BeginValidationLocked(now);
    }

    /// <summary>The id in datagrams to us.</summary>
    public ulong LocalId { get; }

    /// <summary>The id in datagrams to the peer.</summary>
    public ulong RemoteId { get; }

    /// <summary>Datagrams that were not sealed with our keys; dropped without an answer.</summary>
    public long Unauthenticated { get; private set; }

    /// <summary>Datagrams that came twice, or too late; dropped.</summary>
    public long Replayed { get; private set; }

    /// <summary>Why the connection ended; null while it lives.</summary>
    public DwcpTransferException? Closed
    {
        get
        {
            lock (Gate) return _closed;
        }
    }

    /// <summary>What the path is like now.</summary>
    public DatagramPathState State
    {
        get
        {
            lock (Gate)
            {
                return new DatagramPathState(_remote, _validated, _datagram, _ledger.Rtt.Smoothed, _ledger.Rtt.Minimum, _ledger.InFlight,
                    _controller.CongestionWindow, _controller.PacingRate, _ledger.Delivered, _ledger.Lost, _streams.Count, _lastReceivedAt, _awaitedSince, _sentBytes);
            }
        }
    }

    /// <summary>Whether somebody who looks at the connection by himself at the given time is too late for what it has to do next. Part of a pacing quantum does not matter to a long path.</summary>
    internal bool IsDueBefore(long time, long now)
    {
        lock (Gate)
        {
            var due = NextTimer(now);
            return due < time && (_ledger.Rtt.Minimum < PacingQuantum * QuantumShare || due + QuantumLocked < time);
        }
    }

    /// <summary>The least round-trip time in nanoseconds; 0 before the first sample.</summary>
    internal long MinimumRtt
    {
        get
        {
            lock (Gate) return _ledger.Rtt.Minimum;
        }
    }

    internal object Gate { get; } = new();

    private long Credit => _sendLimit - _sentData;

    /// <summary>Opens a stream; waits while the peer's limit of open streams is reached.</summary>
    /// <exception cref="DwcpTransferException">The connection ended.</exception>
    public async ValueTask<DatagramStream> OpenStreamAsync(StreamPriority priority, int weight = 1, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(weight, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(weight, 256);
        while (true)
        {
            if (TryOpenStream(priority, weight, out var wait) is { } stream) return stream;
            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The next stream that the peer opened.</summary>
    /// <exception cref="DwcpTransferException">The connection ended.</exception>
    public async ValueTask<DatagramStream> AcceptStreamAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (TryAcceptStream(out var wait) is { } stream) return stream;
            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    internal DatagramStream? TryOpenStream(StreamPriority priority, int weight, out Task wait)
    {
        wait = Task.CompletedTask;
        lock (Gate)
        {
            ThrowIfClosedLocked();
            if (_nextStreamId / 2 < _streamLimit)
            {
                var stream = new DatagramStream(this, _nextStreamId, priority, weight, _options.StreamWindow, _options.StreamWindow);
                _nextStreamId += 2;
                _streams.Add(stream.Id, stream);
                return stream;
            }

            wait = _openable.Next;
            return null;
        }
    }

    internal DatagramStream? TryAcceptStream(out Task wait)
    {
        wait = Task.CompletedTask;
        lock (Gate)
        {
            if (_accepted.TryDequeue(out var stream)) return stream;
            ThrowIfClosedLocked();
            wait = _acceptable.Next;
            return null;
        }
    }

    /// <summary>Ends the connection; the peer is told once.</summary>
    /// <param name="code">What the peer is told.</param>
    /// <param name="reason">For people; at most 200 bytes are sent.</param>
    public void Close(long code, string reason)
    {
        lock (Gate)
        {
            if (_closed is not null) return;
            _closesDue = CloseCopies;
            _closeCode = code;
            _closeReason = reason;
            EndLocked(new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, $"This end closed the connection: {reason}"));
        }

        Wake();
    }

    /// <summary>Completes when the peer answered for the first time: both directions carry datagrams.</summary>
    /// <exception cref="DwcpTransferException">The connection ended before.</exception>
    public async Task WaitForPeerAsync(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task wait;
            lock (Gate)
            {
                if (_heard) return;
                ThrowIfClosedLocked();
                wait = _heardSignal.Next;
            }

            await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Sends a first full-sized datagram, which the peer acknowledges: it proves the way there and back, and lets the peer answer with three times as much.</summary>
    public void Greet()
    {
        lock (Gate) _greetDue = true;
        Wake();
    }

    /// <summary>Ends the connection without a word to the peer: nothing can be sent any more.</summary>
    internal void Fail(string reason)
    {
        lock (Gate) EndLocked(new DwcpTransferException(DwcpErrorCode.ConnectionFailed, DwcpFault.Network, reason));
    }

    /// <summary>Takes a datagram whose header names this connection.</summary>
    /// <param name="datagram">All its bytes; opened in place.</param>
    /// <param name="header">Its header.</param>
    /// <param name="from">The address that it came from.</param>
    /// <param name="now">The clock.</param>
    /// <param name="congestionMarked">It was marked Congestion Experienced.</param>
    public void Receive(Span<byte> datagram, in PacketHeader header, EndPoint from, long now, bool congestionMarked = false)
    {
        bool opened;
        lock (_openingGate) opened = _opening.TryOpen(datagram, header);
        lock (Gate) ReceiveLocked(datagram, header, opened, from, now, congestionMarked);
    }

    /// <summary>Takes datagrams that came one behind another and name this connection.</summary>
    /// <param name="datagrams">All their bytes; opened in place.</param>
    /// <param name="segment">Bytes of each but the last.</param>
    /// <param name="headers">Their headers, at most <see cref="UdpBatchSocket.MaximumSegments"/>.</param>
    /// <param name="from">The address that they came from.</param>
    /// <param name="now">The clock.</param>
    internal void Receive(Span<byte> datagrams, int segment, ReadOnlySpan<PacketHeader> headers, EndPoint from, long now)
    {
        Span<bool> opened = stackalloc bool[headers.Length];
        lock (_openingGate)
        {
            for (var i = 0; i < headers.Length; i++) opened[i] = _opening.TryOpen(Segment(datagrams, segment, i), headers[i]);
        }

        lock (Gate)
        {
            for (var i = 0; i < headers.Length; i++) ReceiveLocked(Segment(datagrams, segment, i), headers[i], opened[i], from, now, congestionMarked: false);
        }
    }

    /// <summary>Wakes readers that are due: after the datagrams that came together. <see cref="OnTimer"/> does it as well.</summary>
    internal void WakeReaders(long now)
    {
        lock (Gate)
        {
            if (now >= _readableAt) WakeReadersLocked();
        }
    }

    /// <summary>Builds the datagrams that may leave now: full ones of one size, the last one possibly shorter (as UDP_SEGMENT wants them).</summary>
    /// <param name="buffer">Room; at least one datagram of <see cref="DatagramConnectionOptions.MaximumDatagram"/>.</param>
    /// <param name="now">The clock.</param>
    /// <param name="segment">Bytes of each datagram but the last.</param>
    /// <param name="to">Where they go.</param>
    /// <returns>Bytes built; 0 when nothing may leave now.</returns>
    public int Build(Span<byte> buffer, long now, out int segment, out EndPoint to)
    {
        lock (_sealingGate)
        {
            _unsealed.Clear();
            int written;
            lock (Gate) written = BuildLocked(buffer, now, out segment, out to);
            var at = 0;
            foreach (var (size, number) in _unsealed)
            {
                var datagram = buffer.Slice(at, size);
                new PacketHeader(RemoteId, 0, _sealing.EpochFor(number), number).Write(datagram);
                _sealing.Seal(datagram, number);
                at += size;
            }

            return written;
        }
    }

    /// <summary>When <see cref="OnTimer"/> or <see cref="Build"/> must be called next if nothing else happens; <see cref="long.MaxValue"/> for never.</summary>
    public long NextTimer(long now)
    {
        lock (Gate)
        {
            if (_closed is not null) return _closesDue > 0 ? now : long.MaxValue;
            var due = Math.Min(Math.Min(_acknowledgeAt, _readableAt), _lastReceivedAt + Nanoseconds(_options.IdleTimeout));
            due = Math.Min(due, _validationDeadline);
            due = Math.Min(due, Math.Min(_ledger.LossTime, ProbeTimeLocked()));
            if (_streams.Count > 0) due = Math.Min(due, Math.Max(_ledger.LastSentAt, _lastReceivedAt) + Nanoseconds(_options.KeepAlive));
            if (_scheduler.Count > 0 && WindowAllowsLocked()) due = Math.Min(due, Math.Max(now, _nextSendAt));
            return due;
        }
    }

    /// <summary>Does what time demands: loss detection, probes, validation, keep-alive, the idle limit.</summary>
    public void OnTimer(long now)
    {
        lock (Gate)
        {
            if (_closed is not null) return;
            if (now - _lastReceivedAt >= Nanoseconds(_options.IdleTimeout))
            {
                EndLocked(new DwcpTransferException(DwcpErrorCode.TimedOut, DwcpFault.Network,
                    $"Nothing came from {_remote} for {_options.IdleTimeout.TotalSeconds:0} s. Check the path (Test-DwcpPath); the transfer can be resumed."));
                return;
            }

            if (now >= _readableAt) WakeReadersLocked();
            if (now >= _ledger.LossTime)
            {
                _lostNow.Clear();
                var bytes = _ledger.DetectLoss(now, _lostNow);
                OnLostLocked();
                if (bytes > 0) _controller.OnLost(now, bytes, _ledger.InFlight, false);
            }
            else if (now >= ProbeTimeLocked())
            {
                OnProbeTimeoutLocked(now);
            }

            if (now >= _validationDeadline) OnValidationFailedLocked(now);
            if (_streams.Count > 0 && now >= Math.Max(_ledger.LastSentAt, _lastReceivedAt) + Nanoseconds(_options.KeepAlive)) _probesDue = Math.Max(_probesDue, 1);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Close(0, "disposed");
        lock (Gate)
        {
            foreach (var stream in _streams.Values) stream.Sending.Reset();
            _streams.Clear();
        }
    }

    private static Span<byte> Segment(Span<byte> datagrams, int segment, int index) => datagrams.Slice(index * segment, Math.Min(segment, datagrams.Length - (index * segment)));

    internal bool IsOverLocked => _closed is not null;

    internal void Wake() => _wake(this);

    internal void ThrowIfClosedLocked()
    {
        if (_closed is not null) throw new DwcpTransferException(_closed.Code, _closed.Fault, _closed.Message, _closed);
    }

    // What waits unsent grows old: an answer, a commit or a better level has to wait behind it.
    internal long SendRoomLocked(DatagramStream stream) =>
        Math.Min(_options.SendBuffer - stream.Sending.Buffered, UnsentLimitLocked - stream.Sending.Unsent);

    private long UnsentLimitLocked => Math.Max(LeastUnsent, (long)(_controller.PacingRate * Math.Clamp(UnsentRoundTrips * _ledger.Rtt.Minimum / 1e9, NearUnsentSeconds, UnsentSeconds)));

    internal void OnWorkLocked(DatagramStream stream)
    {
        if (stream.Sending.HasWork(Math.Max(1, Credit))) _scheduler.Add(stream);
    }

    internal void OnConsumedLocked(DatagramStream stream, int count)
    {
        _consumedData += count;
        if (stream.Receiving.TryExtend()) QueueControlLocked(stream, s => s.WindowUpdateDue = true);
        if (_announcedData - _consumedData <= _options.ConnectionWindow / 2)
        {
            _announcedData = _consumedData + _options.ConnectionWindow;
            _dataUpdateDue = true;
            Wake();
        }

        RetireLocked(stream);
    }

    internal void StopReadingLocked(DatagramStream stream)
    {
        // Not wanted any more: what is still to come is counted and thrown away.
        stream.Receiving.Reset(0, stream.Receiving.Highest);
    }

    internal void AbortLocked(DatagramStream stream, long code)
    {
        if (stream.Sending.IsReset) return;
        stream.ResetCode = code;
        stream.Sending.Reset();
        QueueControlLocked(stream, s => s.ResetDue = true);
    }
}
