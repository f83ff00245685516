using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>
/// Sends to and receives from nodes: connects, speaks the version that the node tells it, retries with back-off, resumes.
/// Thread-safe; keeps idle sessions for reuse until disposed.
/// </summary>
public sealed class TransferClient : IAsyncDisposable
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    // A node may send a client to another version once; twice means that the flag moved meanwhile; more is no answer.
    private const int MaxRedirects = 4;

    private const int BulkVersion = 3;

    private readonly Dictionary<int, IClientProtocol> _protocols;
    private readonly TimeProvider _time;
    private readonly SessionCache _sessions = new();
    private readonly IReadOnlyList<IClientCarrier> _carriers;
    private readonly CarrierMemory _memory;

    /// <param name="protocols">The versions it can speak.</param>
    /// <param name="time">The clock; the system's by default.</param>
    /// <param name="carriers">Ways to carry v3 sessions beside TLS; disposed with the client. All that there are by default.</param>
    public TransferClient(IReadOnlyList<IClientProtocol> protocols, TimeProvider? time = null, IReadOnlyList<IClientCarrier>? carriers = null)
    {
        ArgumentNullException.ThrowIfNull(protocols);
        _protocols = protocols.ToDictionary(p => p.Version);
        _time = time ?? TimeProvider.System;
        _carriers = carriers ?? [new DatagramClientCarrier(), new TcpStreamsClientCarrier()];
        _memory = new CarrierMemory(_time);
    }

    /// <summary>How often a way that failed is tried again beside a running transfer: a handshake's cost each time.</summary>
    internal TimeSpan HealPeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Sends the source as the object that the request names; returns after the node's durable, verified commit.</summary>
    /// <exception cref="DwcpTransferException">It failed for good.</exception>
    public async Task<TransferResult> SendAsync(
        TransferRequest request, TransferSource source, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        var run = Begin(request, needsPath: true);
        if (source is MemorySource memory) run.TotalBytes = memory.Bytes.Length;
        else if (progress is not null) run.TotalBytes = await Task.Run(() => SourceEntries.Measure(source).Bytes, cancellationToken).ConfigureAwait(false);
        run.PlannedBytes = run.TotalBytes;
        return await TransferAsync(run, progress, (session, context) => session.SendAsync(run.Address.Path.Text, source, context, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Receives the object that the request names, verified.</summary>
    /// <exception cref="DwcpTransferException">It failed for good.</exception>
    public Task<TransferResult> ReceiveAsync(
        TransferRequest request, TransferSink sink, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sink);
        var run = Begin(request, needsPath: true);
        return PreparedAsync();

        async Task<TransferResult> PreparedAsync()
        {
            if (sink is PathSink path) await path.PrepareAsync(cancellationToken).ConfigureAwait(false);
            return await TransferAsync(run, progress, (session, context) => session.ReceiveAsync(run.Address.Path.Text, sink, context, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Proves a finished transfer once more: reads the local side again, and asks the node what it lists. Catches a source that was written to while it was sent, and a disk that lies.
    /// </summary>
    /// <param name="request">The transfer's.</param>
    /// <param name="result">What it returned.</param>
    /// <param name="local">The local side: what was sent, or <see cref="TransferSource.FromPaths(IReadOnlyList{string})"/> of what was received.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DwcpTransferException">The two sides differ now; code <see cref="DwcpErrorCode.ManifestMismatch"/>.</exception>
    public async Task VerifyAsync(TransferRequest request, TransferResult result, TransferSource local, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(result);
        var here = await Task.Run(() => SourceEntries.Hash(local, cancellationToken), cancellationToken).ConfigureAwait(false);
        // The bulk path cuts a file into pieces of one size, and the object keeps them whichever way it is received.
        if (here != result.Root) here = await Task.Run(() => FileExtentSource.DigestOf(local, cancellationToken), cancellationToken).ConfigureAwait(false) ?? here;
        var there = (await ListAsync(request, cancellationToken).ConfigureAwait(false)).FirstOrDefault(o => o.Path == result.Path)?.Root;
        if (here != result.Root)
            throw new DwcpTransferException(DwcpErrorCode.ManifestMismatch, DwcpFault.Client, $"The local side of '{result.Path}' has the hash {here} now; {result.Root} was transferred. It was changed meanwhile: transfer it again.");
        if (there != result.Root)
            throw new DwcpTransferException(DwcpErrorCode.ManifestMismatch, DwcpFault.Server, $"The node lists '{result.Path}' as {there?.ToString() ?? "not there"}; {result.Root} was transferred. Somebody replaced it meanwhile, or it must be transferred again.");
    }

    /// <summary>Objects on the node whose path begins with the request's.</summary>
    public async Task<IReadOnlyList<RemoteObject>> ListAsync(TransferRequest request, CancellationToken cancellationToken = default)
    {
        var run = Begin(request, needsPath: false);
        run.PlannedBytes = 0;
        return await RetryAsync(run, (session, _) => session.ListAsync(run.Address.Path.Text, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes the object that the request names; false when there was none.</summary>
    public async Task<bool> DeleteAsync(TransferRequest request, CancellationToken cancellationToken = default)
    {
        var run = Begin(request, needsPath: true);
        run.PlannedBytes = 0;
        return await RetryAsync(run, (session, _) => session.DeleteAsync(run.Address.Path.Text, cancellationToken), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Closes the idle sessions.</summary>
    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync().ConfigureAwait(false);
        foreach (var carrier in _carriers) await carrier.DisposeAsync().ConfigureAwait(false);
    }

    private Run Begin(TransferRequest request, bool needsPath)
    {
        ArgumentNullException.ThrowIfNull(request);
        var address = NodeAddress.From(request.Remote);
        if (needsPath && address.Path.IsRoot) throw Invalid($"The address {request.Remote} names no object. Add a path: dwcp://host/path.");
        if (!request.IsAnonymous && string.IsNullOrEmpty(request.ApiKey) && request.ClientCertificate is null) throw Invalid("Give an API key or a client certificate.");
        if (WishOf(request) is { IsDemand: true })
        {
            // The older version knows no bulk path: what is demanded must not be lost to the traffic split.
            if (!request.Versions.Contains(BulkVersion)) throw Invalid($"The bulk path is required, and it is part of version {BulkVersion}, which is not offered. Offer it too.");
            if (request.Mode == TransferMode.Internet) throw Invalid("The bulk path is required, and mode Internet leaves it out. Use mode Datacenter, or do not require it.");
            // Its session carries no payload: one connection does, whatever the path looks like.
            request = request with { Versions = [BulkVersion], Mode = TransferMode.Datacenter };
        }

        if (!request.Versions.Any(_protocols.ContainsKey)) throw Invalid($"Versions {string.Join(", ", request.Versions)} are not spoken here.");
        if (request.Pin is { } pin && (pin.Replace(":", "", StringComparison.Ordinal) is not { Length: 64 } hex || !hex.All(char.IsAsciiHexDigit)))
            throw Invalid("A pin is the SHA-256 of the node's certificate: 64 hexadecimal digits.");
        return new Run(request, address, SessionCache.KeyOf(address, request), _time.GetTimestamp());
    }

    private async Task<TransferResult> TransferAsync(
        Run run, IProgress<TransferProgress>? progress, Func<IClientSession, TransferContext, Task<ContentHash>> transfer, CancellationToken cancellationToken)
    {
        using var reporting = new CancellationTokenSource();
        var reporter = progress is null ? Task.CompletedTask : ReportAsync(run, progress, reporting.Token);
        ContentHash root;
        try
        {
            root = await RetryAsync(run, transfer, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await reporting.CancelAsync().ConfigureAwait(false);
            await reporter.ConfigureAwait(false);
            // Found just as the transfer ended.
            if (run.Healed is { } healed) await SessionCache.DisposeQuietlyAsync(healed).ConfigureAwait(false);
        }

        progress?.Report(run.Snapshot(_time, 0, done: true));
        var counters = run.Counters;
        return new TransferResult
        {
            Path = run.Address.Path.Text,
            Root = root,
            UserBytes = counters.UserBytes,
            Entries = counters.Entries,
            WireBytes = run.WireBytes,
            ChunkBytes = counters.ChunkBytes,
            ResentBytes = Math.Max(0, counters.ChunkBytes - counters.ObjectChunkBytes),
            SkippedBytes = counters.SkippedBytes,
            SimilarBytes = counters.SimilarBytes,
            Duration = _time.GetElapsedTime(run.StartedAt),
            Version = run.Version,
            Attempts = run.Attempt,
            RoundTrip = run.CarriedRoundTrip ?? run.Path?.RoundTrip ?? run.ConnectTime,
            TcpRetransmits = run.Path?.Retransmits,
            RetransmittedPercent = run.RetransmittedPercent,
            ChunkServiceP50 = counters.ChunkServiceTimes.Quantile(0.5),
            ChunkServiceP99 = counters.ChunkServiceTimes.Quantile(0.99),
            Transport = run.Bulk?.Transport ?? run.Decision?.Transport ?? "TCP+TLS",
            Bulk = run.Bulk,
            Reasons = [.. run.Bulk?.Reasons ?? run.Decision?.Reasons ?? [], .. run.BulkDeclined is { } why ? (string[])[why] : []],
        };
    }

    private async Task<T> RetryAsync<T>(Run run, Func<IClientSession, TransferContext, Task<T>> body, CancellationToken cancellationToken)
    {
        var fruitless = 0;
        while (true)
        {
            run.Attempt++;
            run.Counters.BeginAttempt();
            var before = run.Counters.ObjectChunkBytes;
            try
            {
                return await AttemptAsync(run, fruitless, body, cancellationToken).ConfigureAwait(false);
            }
            catch (DwcpTransferException e) when (
                (e.IsTransient || (e.Code == DwcpErrorCode.NoCommonVersion && FallsBackToV1(run.Request, fruitless))) && !cancellationToken.IsCancellationRequested)
            {
                // Bytes that the receiver made safe: what was merely sent may have been sent for nothing, again and again.
                var moved = run.Counters.ObjectChunkBytes > before;
                if (moved) run.ProgressAt = _time.GetTimestamp();
                fruitless = moved ? 1 : fruitless + 1;
                if (_time.GetElapsedTime(run.ProgressAt) >= run.Request.GiveUpAfter)
                {
                    throw new DwcpTransferException(e.Code, e.Fault, $"{e.Message} Gave up after {run.Attempt} attempts without progress for {run.Request.GiveUpAfter.TotalSeconds:0} s.", e);
                }

                if (run.Healed is null) run.Request.AttemptFailed?.Invoke(new TransferAttempt(run.Attempt, run.Version, e));
                run.Resuming = true;
                run.Version = 0;
                ItpComponent.RecordResume();
                // A redirect is an answer, not a failure; neither is a better way.
                if (e.Code != DwcpErrorCode.VersionChanged && run.Healed is null) await Task.Delay(BackOff(fruitless), _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<T> AttemptAsync<T>(Run run, int fruitless, Func<IClientSession, TransferContext, Task<T>> body, CancellationToken cancellationToken)
    {
        var (connection, version) = await AcquireAsync(run, fruitless, cancellationToken).ConfigureAwait(false);
        run.Version = version;
        run.ConnectTime = connection.ConnectTime;
        run.Decision = PathChooser.Choose(
            version, connection.Peer, connection.ConnectTime, run.Request.Level, connection.Carrier?.Name ?? "TCP+TLS", connection.Reasons);
        var context = new TransferContext
        {
            Level = run.Decision.Level,
            Resume = run.Request.Resume || run.Resuming,
            Resuming = run.Resuming,
            Counters = run.Counters,
            MaxRate = run.Request.MaxRate,
            Datacenter = WishOf(run.Request),
            Peer = connection.Peer,
        };
        run.Context = context;
        var path = connection.ReadPath();
        var carried = connection.Carrier?.ReadState();
        var keep = false;
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var healing = HealAsync(run, connection, over.Token);
        try
        {
            var result = await body(connection.Session!, context).ConfigureAwait(false);
            keep = !run.Request.FreshSession;
            return result;
        }
        catch (DwcpTransferException e) when (connection.Session!.IsUsable && e.Code != DwcpErrorCode.VersionChanged)
        {
            keep = !run.Request.FreshSession; // refused, but the session goes on
            throw;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await healing.ConfigureAwait(false);
            if (connection.Carrier is { } carrier)
            {
                run.EndCarrier(carrier.ReadState(), carried!);
            }
            else if (connection.ReadPath() is { } after)
            {
                AcpComponent.RecordPath(after, path);
                run.Path = after with { Retransmits = after.Retransmits - (path?.Retransmits ?? 0) };
            }

            run.TotalBytes ??= context.TotalBytes;
            (run.Bulk, run.BulkDeclined) = (context.Bulk, context.BulkDeclined);
            run.EndAttempt(context);
            if (keep) await _sessions.GiveBackAsync(run.Key, connection, version).ConfigureAwait(false);
            else await SessionCache.DisposeQuietlyAsync(connection).ConfigureAwait(false);
        }
    }

    // Beside a transfer that goes another way than the best one, because that one failed here: tries it again now and then, and when it works takes the transfer there.
    private async Task HealAsync(Run run, NodeConnection current, CancellationToken cancellationToken)
    {
        if (current.Session is not V3ClientSession || current.Measure(run.PlannedBytes) is not { } path || WishOf(run.Request) is not null) return;
        var best = PathChooser.Rank(path, run.Request.Mode, _carriers, _ => null, []);
        if (best.Count == 0 || best[0].Number == current.Carrier?.Number || _memory.ReasonToAvoid(run.Node, best[0].Number) is null) return;
        try
        {
            while (true)
            {
                await Task.Delay(HealPeriod, _time, cancellationToken).ConfigureAwait(false);
                if (await TryHealAsync(run, best[0], cancellationToken).ConfigureAwait(false) is not { } healed) continue;
                run.Healed = healed;
                _memory.Forget(run.Node, best[0].Number);
                ItpComponent.RecordReturn();
                current.Abandon($"{best[0].Name} gets through again");
                return;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return; // the attempt ended first
        }
    }

    private async Task<NodeConnection?> TryHealAsync(Run run, IClientCarrier carrier, CancellationToken cancellationToken)
    {
        NodeConnection? connection = null;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(run.Request.ConnectTimeout);
            connection = await NodeConnection.ConnectAsync(run.Address, run.Request, _protocols[3].Alpn, _time, limit.Token).ConfigureAwait(false);
            if (Plan(connection, run) is { } plan)
            {
                var only = plan with { Candidates = [carrier], Failed = (_, reason) => _memory.RecordFailure(run.Node, carrier.Number, reason) };
                await connection.OpenAsync(_protocols[3], OpeningOf(run, [3]) with { Carriers = only }, limit.Token).ConfigureAwait(false);
                if (connection.Carrier is not null) return connection;
            }
        }
        catch (Exception e) when (e is DwcpTransferException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Not yet: the transfer goes on as it is.
        }
        catch
        {
            if (connection is not null) await SessionCache.DisposeQuietlyAsync(connection).ConfigureAwait(false);
            throw;
        }

        if (connection is not null) await SessionCache.DisposeQuietlyAsync(connection).ConfigureAwait(false);
        return null;
    }

    private async Task<(NodeConnection Connection, int Version)> AcquireAsync(Run run, int fruitless, CancellationToken cancellationToken)
    {
        if (run.Healed is { } healed)
        {
            run.Healed = null;
            return (healed, 3);
        }

        // After a failure a new connection is wanted, not another idle one that may be as dead.
        while (!run.Request.FreshSession && !run.Resuming && _sessions.Take(run.Key) is { } idle)
        {
            if (Suits(idle.Connection, run)) return idle;
            await SessionCache.DisposeQuietlyAsync(idle.Connection).ConfigureAwait(false);
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(run.Request.ConnectTimeout);
        try
        {
            return await OpenAsync(run, OfferedVersions(run.Request, fruitless), limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DwcpTransferException(
                DwcpErrorCode.TimedOut, DwcpFault.Network, $"No session with {run.Address.Host}:{run.Address.Port} within {run.Request.ConnectTimeout.TotalSeconds:0} s.", e);
        }
    }

    // A session that was opened for little stays on TCP; what is to be sent now may be worth another way.
    private bool Suits(NodeConnection idle, Run run) =>
        WishOf(run.Request) is not null ? idle.Carrier is null : idle.Carrier is not null || idle.WaysWereTried || idle.Session is not V3ClientSession
        || idle.Measure(run.PlannedBytes) is not { } path || Rank(path, run, []).Count == 0;

    private IReadOnlyList<IClientCarrier> Rank(PathMeasurement path, Run run, List<string> reasons) =>
        PathChooser.Rank(path, run.Request.Mode, _carriers, carrier => _memory.ReasonToAvoid(run.Node, carrier.Number), reasons);

    private CarrierPlan? Plan(NodeConnection connection, Run run)
    {
        // The bulk path carries payload beside a session on TLS, whose keys vouch for it.
        if (WishOf(run.Request) is not null || connection.Measure(run.PlannedBytes) is not { } path) return null;
        var reasons = new List<string>();
        return new CarrierPlan
        {
            Path = path,
            Candidates = Rank(path, run, reasons),
            Reasons = reasons,
            Certificate = connection.Certificate,
            Parallelism = run.Request.Parallelism,
            TcpModelsPath = connection.UsesBbr,
            Profile = run.Request.Profile,
            ConnectTlsAsync = async cancellationToken =>
            {
                var another = await NodeConnection.ConnectAsync(run.Address, run.Request, V3ServerProtocol.AlpnName, _time, cancellationToken).ConfigureAwait(false);
                another.LimitUnsent();
                return new OwnedStream(another);
            },
            Failed = (carrier, reason) =>
            {
                _memory.RecordFailure(run.Node, carrier.Number, reason);
                ItpComponent.RecordFallback();
            },
        };
    }

    private static DatacenterRequest? WishOf(TransferRequest request) => request.Datacenter ?? (request.Mode == TransferMode.Datacenter ? new DatacenterRequest() : null);

    private int[] OfferedVersions(TransferRequest request, int fruitless)
    {
        int[] spoken = [.. request.Versions.Where(_protocols.ContainsKey).Distinct()];
        return FallsBackToV1(request, fruitless) && spoken.Contains(1) ? [1] : spoken;
    }

    private static SessionOpening OpeningOf(Run run, IReadOnlyList<int> offered) => new(run.Request.ClientId, offered, run.Request.ApiKey, run.Request.CanaryKey);

    // v3 failed again and again: a careful client tries the old way, whatever the split says. Every second time only, because v1 may be switched off.
    private static bool FallsBackToV1(TransferRequest request, int fruitless) =>
        fruitless >= request.AttemptsBeforeV1 && (fruitless - request.AttemptsBeforeV1) % 2 == 0 && request.Versions.Count > 1;

    private async Task<(NodeConnection Connection, int Version)> OpenAsync(Run run, int[] offered, CancellationToken cancellationToken)
    {
        var version = offered.Max(); // the newest asks the node, which may name an older one
        var opening = OpeningOf(run, offered);
        for (var redirects = 0; redirects <= MaxRedirects; redirects++)
        {
            if (!_protocols.TryGetValue(version, out var protocol) || !offered.Contains(version))
                throw new DwcpTransferException(DwcpErrorCode.NoCommonVersion, DwcpFault.Client, $"The node wants version {version}; {string.Join(", ", offered)} were offered.");
            var connection = await NodeConnection.ConnectAsync(run.Address, run.Request, protocol.Alpn, _time, cancellationToken).ConfigureAwait(false);
            try
            {
                var wanted = await connection.OpenAsync(protocol, version == 3 ? opening with { Carriers = Plan(connection, run) } : opening, cancellationToken).ConfigureAwait(false);
                if (connection.Session is not null) return (connection, version);
                version = wanted;
                ItpComponent.RecordRedirect();
            }
            catch
            {
                await SessionCache.DisposeQuietlyAsync(connection).ConfigureAwait(false);
                throw;
            }

            await SessionCache.DisposeQuietlyAsync(connection).ConfigureAwait(false);
        }

        throw new DwcpTransferException(DwcpErrorCode.VersionChanged, DwcpFault.Server, $"The node changed the version {MaxRedirects} times while a session was being opened.");
    }

    // Doubling, with half of it random, so that many clients of a restarted node do not come back in step.
    private static TimeSpan BackOff(int fruitless)
    {
        var full = Math.Min(LongestBackOff.TotalMilliseconds, FirstBackOff.TotalMilliseconds * Math.Pow(2, Math.Min(fruitless, 10)));
        return TimeSpan.FromMilliseconds((full / 2) + (Random.Shared.NextDouble() * full / 2));
    }

    private async Task ReportAsync(Run run, IProgress<TransferProgress> progress, CancellationToken cancellationToken)
    {
        var lastBytes = 0L;
        var lastAt = run.StartedAt;
        var rate = 0.0;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(ProgressInterval, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            var now = _time.GetTimestamp();
            var bytes = run.Counters.UserBytes;
            var momentary = Math.Max(0, bytes - lastBytes) / _time.GetElapsedTime(lastAt, now).TotalSeconds;
            rate = rate == 0 ? momentary : (0.8 * rate) + (0.2 * momentary); // over about a second
            (lastBytes, lastAt) = (bytes, now);
            progress.Report(run.Snapshot(_time, rate, done: false));
        }
    }

    private static DwcpTransferException Invalid(string message) => new(DwcpErrorCode.InvalidRequest, DwcpFault.Client, message);

    /// <summary>One call of the client, over its attempts.</summary>
    private sealed class Run(TransferRequest request, NodeAddress address, string key, long startedAt)
    {
        private long _wireOfEarlierAttempts;
        private long _carriedBytes;
        private long _repeatedBytes;

        public TransferRequest Request { get; } = request;

        public NodeAddress Address { get; } = address;

        public string Key { get; } = key;

        public long StartedAt { get; } = startedAt;

        public TransferCounters Counters { get; } = new();

        public long ProgressAt { get; set; } = startedAt;

        public long? TotalBytes { get; set; }

        public int Attempt { get; set; }

        public int Version { get; set; }

        public bool Resuming { get; set; }

        public TransferContext? Context { get; set; }

        public PathDecision? Decision { get; set; }

        public TimeSpan? ConnectTime { get; set; }

        public TcpPath? Path { get; set; }

        /// <summary>User bytes that will travel, as far as it is known before; null when unknown.</summary>
        public long? PlannedBytes { get; set; }

        /// <summary>The node, as failures of ways are remembered for it.</summary>
        public string Node { get; } = $"{address.Host}:{address.Port}";

        /// <summary>A session over a better way, to go on with.</summary>
        public NodeConnection? Healed { get; set; }

        public TimeSpan? CarriedRoundTrip { get; private set; }

        public double? RetransmittedPercent => _carriedBytes == 0 ? null : 100.0 * _repeatedBytes / _carriedBytes;

        public void EndCarrier(CarrierState after, CarrierState before)
        {
            CarriedRoundTrip = after.RoundTrip ?? CarriedRoundTrip;
            _carriedBytes += after.SentBytes - before.SentBytes;
            _repeatedBytes += Math.Max(0, after.RepeatedBytes - before.RepeatedBytes);
        }

        public BulkReport? Bulk { get; set; }

        public string? BulkDeclined { get; set; }

        public long WireBytes => Interlocked.Read(ref _wireOfEarlierAttempts) + (Context is { } context ? context.Wire.Sent + context.Wire.Received : 0);

        public void EndAttempt(TransferContext context)
        {
            Context = null;
            Interlocked.Add(ref _wireOfEarlierAttempts, context.Wire.Sent + context.Wire.Received);
        }

        public TransferProgress Snapshot(TimeProvider time, double rate, bool done)
        {
            var bytes = Counters.UserBytes;
            var wire = WireBytes;
            var total = TotalBytes ?? Context?.TotalBytes;
            var overall = bytes / Math.Max(1e-9, time.GetElapsedTime(StartedAt).TotalSeconds);
            return new TransferProgress
            {
                UserBytes = bytes,
                TotalBytes = done ? bytes : total,
                WireBytes = wire,
                Entries = Counters.Entries,
                BytesPerSecond = done ? overall : rate,
                PercentSaved = bytes == 0 ? 0 : 100.0 * (1 - ((double)wire / bytes)),
                Remaining = done ? TimeSpan.Zero : total is { } all ? TransferProgress.Estimate(all - bytes, rate) : null,
                Version = Version,
                Attempt = Attempt,
                Status = done ? BulkStatus.Committed : Context?.Status ?? BulkStatus.Transferring,
            };
        }
    }
}
