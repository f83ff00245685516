using System.Net;
using k8s.Models;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Hosting;
using NovaCron.Dwcp.Node.Http;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Notifications;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Node.Guarding;

/// <summary>The rollout's guardian with its probes and metrics around it.</summary>
public sealed class GuardHost : IAsyncDisposable
{
    private static readonly TimeSpan PodPeriod = TimeSpan.FromSeconds(10);

    /// <summary>A guardian that reached the API server within this time is ready. Three of its longest passes.</summary>
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);

    private readonly NodeOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly ClusterConnection _cluster;
    private readonly Guardian _guardian;
    private readonly Notifier _notifier;
    private readonly HttpClient _outside = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(5) });
    private readonly GuardMetrics _metrics;
    private readonly CancellationTokenSource _stop = new();
    private HttpPorts? _ports;

    private GuardHost(NodeOptions options, ILoggerFactory logging, TimeProvider time)
    {
        _options = options;
        _time = time;
        _log = logging.CreateLogger("guardian");
        var server = options.ApiServer ?? throw new DwcpNodeException("KUBERNETES_SERVICE_HOST is not set. dwcpd guard runs in a Kubernetes pod (or a rehearsal's).");
        try
        {
            _cluster = ClusterConnection.Open(new ClusterConnectionOptions
            {
                Server = server.GetLeftPart(UriPartial.Authority),
                TokenFile = Path.Combine(options.Paths.ServiceAccount, "token"),
                CertificateAuthority = Path.Combine(options.Paths.ServiceAccount, "ca.crt"),
                // The reconcile loop repeats by itself, soon; a request that repeats for long would only hold it up.
                RequestTimeout = TimeSpan.FromSeconds(5),
                MaximumAttempts = 2,
                MaximumRetryDelay = TimeSpan.FromSeconds(1),
            });
        }
        catch (DwcpClusterException error)
        {
            throw new DwcpNodeException(error.Message, error);
        }

        _guardian = new Guardian(
            new GuardianOptions { Namespace = options.Namespace, Identity = options.PodName, Log = line => _log.LogInformation("{Line}", line) },
            new KubernetesRolloutCluster(_cluster, options.Namespace, time, inCluster: true), time);
        _notifier = new Notifier(
            new KubernetesRolloutCluster(_cluster, options.Namespace, time, inCluster: true), new NotificationChannels(options.Paths.Notifications, _outside).Read, time,
            line => _log.LogInformation("{Line}", line));
        _metrics = new GuardMetrics(() => _guardian.Health, () => _notifier.Totals, options);
    }

    /// <summary>Ends when the guardian ends: told to stop, or broken.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Where the probes listen.</summary>
    public IPEndPoint HttpEndPoint => Listening[PortRole.Public];

    /// <summary>Where metrics listen.</summary>
    public IPEndPoint MetricsEndPoint => Listening[PortRole.Metrics];

    private IReadOnlyDictionary<PortRole, IPEndPoint> Listening => (_ports ?? throw new InvalidOperationException("The guardian is not started.")).EndPoints;

    private bool IsReady => _guardian.Health.LastSuccess is { } at && _time.GetUtcNow() - at < ReadyLimit;

    /// <summary>Opens the ports and starts the guardian.</summary>
    /// <exception cref="DwcpNodeException">It cannot start; the message says why and what to do.</exception>
    public static async Task<GuardHost> StartAsync(NodeOptions options, ILoggerFactory logging, TimeProvider time, CancellationToken cancellationToken = default)
    {
        var host = new GuardHost(options, logging, time);
        try
        {
            host._ports = await HttpPorts.StartAsync(options.BindAddress, logging, new Dictionary<PortRole, (int, string, RequestDelegate)>
            {
                [PortRole.Public] = (options.HttpPort, "PORT", host.AnswerAsync),
                [PortRole.Metrics] = (options.MetricsPort, "PROMETHEUS_PORT", new MetricsEndpoints(host._metrics.ExportAsync).HandleAsync),
            }, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await host.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        host.Completion = Task.WhenAll(Task.Run(() => host._guardian.RunAsync(host._stop.Token), CancellationToken.None), host.WatchPodsAsync(),
            Task.Run(() => host._notifier.RunAsync(() => host._guardian.Health.IsLeader, host._stop.Token), CancellationToken.None));
        host._log.LogInformation("dwcpd {Version} guards {Namespace} as {Pod}.", options.Version, options.Namespace, options.PodName);
        return host;
    }

    /// <summary>Gives up the lease and stops.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Completion.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await ((Task)Completion).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_ports is not null) await _ports.DisposeAsync().ConfigureAwait(false);
        _outside.Dispose();
        _cluster.Dispose();
        _stop.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value;
        if (path is not ("/health" or "/ready"))
        {
            await context.WriteErrorAsync(StatusCodes.Status404NotFound, "Here are GET /health and GET /ready.").ConfigureAwait(false);
            return;
        }

        if (!await context.AllowsAsync(HttpMethods.Get).ConfigureAwait(false)) return;
        // An API server that is away is no reason to restart the guardian; a guardian that ended is.
        var ok = path == "/health" ? !Completion.IsCompleted : IsReady;
        var health = _guardian.Health;
        await context.WriteAsync(
            ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable,
            new GuardAnswer(ok ? "ok" : "not ok", _options.PodName, _options.Version, health.IsLeader, health.LastSuccess, health.LastError, health.State?.ToString(), health.Percent),
            NodeJson.Default.GuardAnswer).ConfigureAwait(false);
    }

    /// <summary>Exports readiness and restarts of the node's pods, so that nothing else has to.</summary>
    private async Task WatchPodsAsync()
    {
        string? problem = null;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                _metrics.SetPods(await _cluster.ListAsync<V1Pod>(_options.Namespace, RolloutNames.NodePodSelector, null, _stop.Token).ConfigureAwait(false));
                problem = null;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (DwcpClusterException error)
            {
                // Series that are not known any more are taken away: no data is better than old data.
                _metrics.SetPods([]);
                if (problem != error.Message) _log.LogWarning("The pods cannot be listed: {Reason}", error.Message);
                problem = error.Message;
            }

            await Task.Delay(PodPeriod, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
