using System.Net;
using k8s;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Node.Cache;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Diagnostics;
using NovaCron.Dwcp.Node.Faults;
using NovaCron.Dwcp.Node.Flags;
using NovaCron.Dwcp.Node.Health;
using NovaCron.Dwcp.Node.Http;
using NovaCron.Dwcp.Node.Kubernetes;
using NovaCron.Dwcp.Node.Metrics;
using NovaCron.Dwcp.Node.Secrets;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Rdma;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;
#if DWCP_V1
using NovaCron.Dwcp.V1;
#endif

namespace NovaCron.Dwcp.Node.Hosting;

/// <summary>The whole node, put together: started, drained and stopped as one.</summary>
public sealed class NodeHost : IAsyncDisposable
{
    private static readonly TimeSpan SamplePeriod = TimeSpan.FromSeconds(1);

    /// <summary>The name of v1, which outlives it.</summary>
    private const string RetiredAlpn = "dwcp/1";

    private static readonly TimeSpan StoreProbePeriod = TimeSpan.FromSeconds(10);

    /// <summary>Dead packs wait an hour before they are deleted, so looking six times in it is often enough.</summary>
    private static readonly TimeSpan ReclaimPeriod = TimeSpan.FromMinutes(10);

    private readonly NodeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly NodeHealth _health;
    private readonly SecretFiles _secrets;
    private readonly ObjectStore _store;
    private readonly RedisCache _cache;
    private readonly IKubernetes? _cluster; // null: standalone
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];
    private long _reclaimed;
    private volatile string? _storeProblem;
    private SessionServer? _sessions;
    private HttpPorts? _ports;

    private NodeHost(NodeOptions options, Func<string, string?> environment, ILoggerFactory logging, TimeProvider time)
    {
        _options = options;
        _time = time;
        _log = logging.CreateLogger("node");
        _health = new NodeHealth(time);
        _secrets = new SecretFiles(options.Paths.Secrets, time, logging.CreateLogger("secrets"));
        _cluster = options.Standalone ? null : ClusterAccess.Connect(options, time);
        _cache = new RedisCache(options, environment, logging.CreateLogger("redis"));
        try
        {
            _store = ObjectStore.Open(options.Paths.Store, new ObjectStoreOptions { QuotaBytes = options.QuotaBytes });
        }
        catch (Exception error) when (error is DwcpTransferException or IOException or UnauthorizedAccessException)
        {
            throw StoreUnusable(options, error);
        }

        Flag = new RolloutFlag(time, logging.CreateLogger("flags"), options.HasV1);
        Metrics = new NodeMetrics(options, time, logging.CreateLogger("sessions"));
    }

    /// <summary>The flag as this node applies it.</summary>
    public RolloutFlag Flag { get; }

    /// <summary>The node's metrics.</summary>
    public NodeMetrics Metrics { get; }

    /// <summary>Whether work should be sent here.</summary>
    public bool IsReady => _health.IsReady;

    /// <summary>Where health and session opening listen.</summary>
    public IPEndPoint HttpEndPoint => Listening[PortRole.Public];

    /// <summary>Where flags and diagnostics listen.</summary>
    public IPEndPoint AdminEndPoint => Listening[PortRole.Admin];

    /// <summary>Where metrics listen.</summary>
    public IPEndPoint MetricsEndPoint => Listening[PortRole.Metrics];

    /// <summary>Where data sessions listen.</summary>
    public IPEndPoint DataEndPoint { get; private set; } = new(IPAddress.None, 0);

    private IReadOnlyDictionary<PortRole, IPEndPoint> Listening => (_ports ?? throw new InvalidOperationException("The node is not started.")).EndPoints;

    /// <summary>Starts a node; returns when every port is open.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="environment">Value of a variable, or null; for service links.</param>
    /// <param name="logging">Where it logs.</param>
    /// <param name="time">Its clock.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DwcpNodeException">It cannot start; the message says why and what to do.</exception>
    public static async Task<NodeHost> StartAsync(
        NodeOptions options, Func<string, string?> environment, ILoggerFactory logging, TimeProvider time, CancellationToken cancellationToken = default)
    {
        if (options is { Mode: NodeMode.Datacenter, Datacenter.RequireRdma: true } && RdmaReadiness.Check() is { IsReady: false } here)
            throw new DwcpNodeException($"DWCP_REQUIRE_RDMA is 1, and this node lacks: {string.Join(" ", here.Missing)} Provide it, or set DWCP_REQUIRE_RDMA to 0.");
        var node = new NodeHost(options, environment, logging, time);
        try
        {
            await node.StartPartsAsync(logging, cancellationToken).ConfigureAwait(false);
            return node;
        }
        catch
        {
            await node.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// Leaves in order: not ready at once, no new session, running ones finish or checkpoint within <paramref name="grace"/>.
    /// Flags, health and metrics are answered until the end.
    /// </summary>
    /// <returns>Sessions that had to be cut; their acknowledged data is safe, and they resume on another pod.</returns>
    public async Task<int> DrainAsync(TimeSpan grace, CancellationToken cancellationToken = default)
    {
        _health.Leave();
        _log.LogInformation("Draining: no new session; {Active} running ones have {Grace} s.", SessionCounts.Labels.Sum(Metrics.Sessions.Active), grace.TotalSeconds);
        var cut = _sessions is null ? 0 : await _sessions.DrainAsync(grace, cancellationToken).ConfigureAwait(false);
        if (cut > 0) _log.LogWarning("{Cut} sessions did not end within the grace period and were cut; they resume on another pod.", cut);
        else _log.LogInformation("Drained.");
        return cut;
    }

    /// <summary>Stops everything at once.</summary>
    public async ValueTask DisposeAsync()
    {
        _health.Leave();
        await _stop.CancelAsync().ConfigureAwait(false);
        if (_sessions is not null) await _sessions.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_loops).ConfigureAwait(false);
        if (_ports is not null) await _ports.DisposeAsync().ConfigureAwait(false);
        await _cache.DisposeAsync().ConfigureAwait(false);
        await _store.DisposeAsync().ConfigureAwait(false);
        _cluster?.Dispose();
        _stop.Dispose();
    }

    private static DwcpNodeException StoreUnusable(NodeOptions options, Exception error) =>
        new($"The store {options.Paths.Store} cannot be used: {error.Message} Check the claim dwcp-v3-store: mounted, writable for user 65532 (fsGroup), not full.", error);

    private async Task StartPartsAsync(ILoggerFactory logging, CancellationToken cancellationToken)
    {
        await ProbeStoreAtStartAsync(cancellationToken).ConfigureAwait(false);
        var split = new RolloutSplit(Flag, _secrets, _options.AllowsCanary);
        var faults = _options.Rehearsal ? new RehearsalFaults(_options.Paths.Faults, Metrics, _time, logging.CreateLogger("faults")) : null;
        faults?.Reload();
        var components = new ComponentChecks([.. CodecComponents.All, .. TransportComponents.All], Metrics, _time, logging.CreateLogger("components"));
        _health.AddCondition("secrets", () => _secrets.Current.Certificate.NotAfter is var end && end.ToUniversalTime() > _time.GetUtcNow() ? null : $"the certificate expired at {end:u}");
        _health.AddCondition("store", () => _storeProblem);
        if (_cluster is not null) _health.AddCondition("flags", () => Flag.State.IsKnown ? null : "the ConfigMap was not read yet");
        _health.AddCondition("sessions", () => _ports is null ? "the ports are not open yet" : null);
        // Health is part of the metrics that a rollout judges by; a pod without it would hold the rollout up.
        _health.AddCondition("components", () => components.States.All(state => state.LastTest is not null) ? null : "the self-tests have not run yet");
        var peers = new PeerDirectory(_options, _cache, Flag, _health, Metrics, _time);
        var transfers = new OwnTransfers(_secrets, () => DataEndPoint);
        var network = new NetworkProbe(_options, peers.ReadAsync, () => DataEndPoint.Port, transfers.To);
        var benchmarks = new BenchmarkRunner(transfers, _store, network.SiblingsAsync);
        var connectivity = new ConnectivityProbe(_options, _cache, _cluster, _store);
        AddGauges();

        var front = new PublicEndpoints(_options, _health, split, () => DataEndPoint.Port, _time);
        var admin = new AdminEndpoints(_options, _health, Flag, _secrets, Metrics, components, connectivity, network, benchmarks, peers, _cache, faults,
            () => DataEndPoint.Port, logging.CreateLogger("admin"));
        var scrape = new MetricsEndpoints(Metrics.ExportAsync);

        // The data port first: the handlers name it.
        _sessions = await OpenDataPortAsync(split, faults, cancellationToken).ConfigureAwait(false);
        _ports = await HttpPorts.StartAsync(_options.BindAddress, logging, new Dictionary<PortRole, (int, string, RequestDelegate)>
        {
            [PortRole.Public] = (_options.HttpPort, "PORT", front.HandleAsync),
            [PortRole.Admin] = (_options.AdminPort, "DWCP_ADMIN_PORT", admin.HandleAsync),
            [PortRole.Metrics] = (_options.MetricsPort, "PROMETHEUS_PORT", scrape.HandleAsync),
        }, cancellationToken).ConfigureAwait(false);

        if (_cluster is not null)
        {
            var watcher = new FlagWatcher(_cluster, _options.Namespace, Flag, _time, logging.CreateLogger("flags"));
            StartLoop("flags", TimeSpan.FromSeconds(60), watcher.RunFlagAsync);
            StartLoop("guardian", TimeSpan.FromSeconds(60), watcher.RunGuardianAsync);
        }

        StartLoop("sampling", TimeSpan.FromSeconds(15), SampleAsync);
        StartLoop("store", TimeSpan.FromSeconds(90), WatchStoreAsync);
        StartLoop("reclaim", 2 * ReclaimPeriod, ReclaimAsync);
        StartLoop("secrets", TimeSpan.FromSeconds(30), _secrets.RunAsync);
        StartLoop("components", TimeSpan.FromMinutes(12), components.RunAsync);
        if (faults is not null) StartLoop("faults", TimeSpan.FromSeconds(15), faults.RunAsync);
        if (_options.Redis is not null)
        {
            _secrets.Changed += secrets => Task.Run(() => _cache.UseAsync(secrets));
            StartLoop("cache", TimeSpan.FromSeconds(60), async (heartbeat, token) =>
            {
                await _cache.UseAsync(_secrets.Current).ConfigureAwait(false);
                await peers.RunAsync(heartbeat, token).ConfigureAwait(false);
            });
        }

        _log.LogInformation("dwcpd {Version} serves: data {Data}, http {Http}, admin {Admin}, metrics {Metrics}; pod {Pod} in {Namespace}, mode {Mode}.",
            _options.Version, DataEndPoint, HttpEndPoint, AdminEndPoint, MetricsEndPoint, _options.PodName, _options.Namespace, _options.Mode);
    }

    private async Task ProbeStoreAtStartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _store.ProbeAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is DwcpTransferException or IOException or UnauthorizedAccessException)
        {
            throw StoreUnusable(_options, error);
        }
    }

    private async Task<SessionServer> OpenDataPortAsync(ITrafficSplit split, RehearsalFaults? faults, CancellationToken cancellationToken)
    {
        var secrets = _secrets.Current;
        var server = new SessionServer(
            new SessionServerOptions
            {
                EndPoint = new IPEndPoint(_options.BindAddress, _options.DataPort),
                Certificate = secrets.Certificate,
                CertificateChain = secrets.Chain,
                ClientRoots = secrets.Roots,
                CurrentIdentity = () => _secrets.Current.Identity,
                Store = _store,
                Principals = _secrets,
                Split = split,
                Observer = Metrics,
                Faults = faults as ISessionFaults ?? NoSessionFaults.Instance,
                Time = _time,
                Datacenter = _options.Mode == NodeMode.Internet ? null : _options.Datacenter,
                MaxSessions = 4096,
                Carriers = [new DatagramServerCarrier(), new TcpStreamsServerCarrier()],
                // Behind a Service with source translation many clients share one address.
                MaxSessionsPerAddress = 2048,
            },
            Protocols());
        try
        {
            await server.StartAsync(cancellationToken).ConfigureAwait(false);
            // Kept, because a draining server listens no more and the handlers go on naming it.
            DataEndPoint = server.LocalEndPoint;
            return server;
        }
        catch (DwcpTransferException error)
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw new DwcpNodeException($"The data port (DWCP_DATA_PORT {_options.DataPort}) cannot be opened: {error.Message}", error);
        }
    }

    private IReadOnlyList<IServerProtocol> Protocols()
    {
        List<IServerProtocol> spoken = [new V3ServerProtocol()];
#if DWCP_V1
        if (_options.HasV1) spoken.Add(new V1ServerProtocol());
#endif
        if (!_options.HasV1)
        {
            spoken.Add(new RetiredServerProtocol(RetiredAlpn));
            _log.LogInformation("This node has no v1: everybody is on v3, and {Flag}.", _options.Standalone ? "there is no flag without a cluster" : "the flag is not followed");
        }

        return spoken;
    }

    private void AddGauges()
    {
        Metrics.AddGauge("dwcp_v3_rollout_percentage", "Percent of clients on v3 that this node applies now.", () => Flag.State.Effective);
        Metrics.AddGauge("dwcp_flag_revision", "resourceVersion of the ConfigMap whose flag is in force; NaN before the first.", () => Flag.NumericRevision);
        Metrics.AddGauge("dwcp_flag_staleness_seconds", "Time since the API server last confirmed the flag, in seconds; NaN before the first.", () => Flag.Staleness?.TotalSeconds ?? double.NaN);
        Metrics.AddGauge("dwcp_v1_enabled", "1 while the node opens v1 sessions, 0 while v1 is switched off or not there at all.", () => Flag.State.ServesV1 ? 1 : 0);
        Metrics.AddGauge("dwcp_flag_ignored", "1 while the node has no v1 and the flag asks for less than 100 %, else 0.", () => Flag.State.Ignored is null ? 0 : 1);
        Metrics.AddCounter("dwcp_flag_errors_total", "ConfigMap keys that were malformed and refused.", () => Flag.ErrorCount);
        Metrics.AddGauge("dwcp_guardian_lost", "1 while the guardian's Lease shows no sign of life past its limit, else 0.", () => Flag.State.GuardianLost ? 1 : 0);
        Metrics.AddGauge("dwcp_guardian_seen_timestamp_seconds", "When the guardian last showed itself, Unix seconds; NaN when it never did.",
            () => Flag.State.GuardianSeenAt is { } at ? at.ToUnixTimeMilliseconds() / 1000.0 : double.NaN);
        Metrics.AddCounter("dwcp_store_reclaimed_bytes_total", "Bytes of dead packs that this node deleted from the store.", () => Interlocked.Read(ref _reclaimed));
        Metrics.AddGauge("dwcp_ready", "1 while the node is ready, else 0.", () => _health.IsReady ? 1 : 0);
        Metrics.AddCounter("dwcp_secret_reload_errors_total", "Changed secrets that were malformed and refused.", () => _secrets.Failures);
        Metrics.AddGauge("dwcp_certificate_expiry_timestamp_seconds", "End of the validity of the node's certificate, Unix seconds.",
            () => new DateTimeOffset(_secrets.Current.Certificate.NotAfter).ToUnixTimeSeconds());
        Metrics.AddGauge("dwcp_redis_up", "1 while the cache is connected, 0 while it is away; NaN when none is configured.", () => _options.Redis is null ? double.NaN : _cache.IsUp ? 1 : 0);
        Metrics.AddCounter("dwcp_redis_hits_total", "Cache keys found.", () => _cache.Hits);
        Metrics.AddCounter("dwcp_redis_misses_total", "Cache keys not found.", () => _cache.Misses);
        Metrics.AddCounter("dwcp_redis_errors_total", "Cache calls that were not answered.", () => _cache.Errors);
    }

    private async Task SampleAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SamplePeriod, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            heartbeat.Beat();
            Metrics.Sample();
        }
    }

    private async Task WatchStoreAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(StoreProbePeriod, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            heartbeat.Beat();
            string? problem = null;
            try
            {
                // A network file system can hang instead of failing; the loop must not hang with it.
                await _store.ProbeAsync(cancellationToken).WaitAsync(TimeSpan.FromSeconds(30), _time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (error is DwcpTransferException or IOException or UnauthorizedAccessException or TimeoutException)
            {
                problem = error.Message;
            }

            var news = problem is null != _storeProblem is null;
            _storeProblem = problem;
            if (!news) continue;
            if (problem is null) _log.LogInformation("The store takes writes again.");
            else _log.LogError("The store takes no writes, so this node is not ready: {Reason}", problem);
        }
    }

    private async Task ReclaimAsync(Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(ReclaimPeriod, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            heartbeat.Beat();
            try
            {
                var bytes = await _store.ReclaimAsync(cancellationToken).ConfigureAwait(false);
                Interlocked.Add(ref _reclaimed, bytes);
                if (bytes > 0) _log.LogInformation("Deleted {Bytes} bytes of dead packs.", bytes);
            }
            catch (Exception error) when (error is DwcpTransferException or IOException or UnauthorizedAccessException)
            {
                // Space is found again later; whether the store takes writes is the probe's question.
                _log.LogWarning("Dead packs could not be reclaimed: {Reason}", error.Message);
            }
        }
    }

    /// <summary>Runs a loop until the node stops. A loop that fails is not started again: its heartbeat stops, liveness fails, and the pod is restarted.</summary>
    private void StartLoop(string name, TimeSpan limit, Func<Heartbeat, CancellationToken, Task> loop)
    {
        var heartbeat = _health.AddLoop(name, limit);
        _loops.Add(Task.Run(async () =>
        {
            try
            {
                await loop(heartbeat, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // The node stops.
            }
            catch (Exception error)
            {
                _log.LogCritical(error, "The loop {Loop} failed; liveness will fail and the pod be restarted.", name);
            }
        }));
    }
}
