using System.Net;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Transport.Sessions;
using Prometheus;

namespace NovaCron.Dwcp.Node.Metrics;

/// <summary>
/// The node's metrics, in a registry of their own. Hears what sessions do; reads everything else when it is scraped.
/// Counters and the histogram are for decisions; the gauges over the last minute are for people.
/// </summary>
public sealed class NodeMetrics : ISessionObserver
{
    private const int FailuresLoggedPerSecond = 10;

    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly MetricFactory _factory;
    private readonly ILogger _log;
    private readonly RequestTotals _totals = new();
    private readonly SlidingWindow _window;
    private readonly Counter _requests;
    private readonly Histogram _durations;
    private readonly Counter _bytes;
    private readonly Counter _corruption;
    private readonly Counter _sessionsStarted;
    private readonly Gauge _sessionsActive;
    private readonly Counter _sessionsBroken;
    private readonly Counter _refused;
    private readonly Gauge _componentHealth;
    private readonly Dictionary<string, Action<double>> _componentMetrics = [];
    private readonly Lock _componentGate = new();
    private volatile byte[]? _frozen;
    private int _failuresThisSecond;

    public NodeMetrics(NodeOptions options, TimeProvider time, ILogger log)
    {
        _log = log;
        _factory = Prometheus.Metrics.WithCustomRegistry(_registry);
        _window = new SlidingWindow(_totals, time);
        _requests = _factory.CreateCounter("dwcp_requests_total", "Requests answered: session opens, manifest exchanges, chunk batches, commits.", "version", "outcome");
        _durations = _factory.CreateHistogram("dwcp_request_duration_seconds", "The node's own service time per request, in seconds.",
            new HistogramConfiguration { LabelNames = ["version"], Buckets = RequestTotals.BucketBounds });
        _bytes = _factory.CreateCounter("dwcp_transfer_bytes_total", "Bytes moved: user bytes (raw) and protocol bytes before TLS (wire).", "version", "kind");
        _corruption = _factory.CreateCounter("dwcp_corruption_total", "Mismatches after authenticated receipt or in committed data.", "version");
        _sessionsStarted = _factory.CreateCounter("dwcp_sessions_started_total", "Sessions that were authenticated and began.", "version");
        _sessionsActive = _factory.CreateGauge("dwcp_sessions_active", "Sessions that run.", "version");
        _sessionsBroken = _factory.CreateCounter("dwcp_sessions_broken_total", "Sessions that ended by an error instead of being closed.", "version");
        _refused = _factory.CreateCounter("dwcp_connections_refused_total", "Connections that never became a session: limits, TLS, wrong credentials.");
        _componentHealth = _factory.CreateGauge("dwcp_component_health", "1 when the component's last self-test passed, else 0.", "component");

        // Every series exists from the start, so that the first increase is an increase and a missing series means a missing node.
        foreach (var version in SessionCounts.Labels)
        {
            foreach (var outcome in Enum.GetValues<RequestOutcome>()) _requests.WithLabels(version, OutcomeLabel(outcome));
            _durations.WithLabels(version);
            _bytes.WithLabels(version, "raw");
            _bytes.WithLabels(version, "wire");
            _corruption.WithLabels(version);
            _sessionsStarted.WithLabels(version);
            _sessionsActive.WithLabels(version);
            _sessionsBroken.WithLabels(version);
        }

        _factory.CreateGauge("dwcp_build_info", "1; the labels say what runs.", "version", "build", "mode")
            .WithLabels(options.Version, NodeOptions.BuildVersion, options.Mode.ToString().ToLowerInvariant()).Set(1);
        AddGauge("dwcp_error_rate", "Requests failed by the node over the last minute, in percent; NaN without requests.", () => _window.Figures().ErrorPercent);
        AddGauge("dwcp_latency_p99_ms", "99th percentile of the service time over the last minute, in milliseconds; NaN without requests.", () => _window.Figures().P99Milliseconds);
        AddGauge("dwcp_throughput_bytes", "User bytes per second over the last minute.", () => _window.Figures().BytesPerSecond);
        AddGauge("dwcp_compression_ratio", "Percent of the user bytes over the last minute that did not have to travel; NaN without bytes.", () => _window.Figures().PercentSaved);
        DotNetStats.Register(_registry);
    }

    /// <summary>Sessions by version.</summary>
    public SessionCounts Sessions { get; } = new();

    /// <summary>While true, scrapes get the text of the last scrape again: a rehearsal's fault.</summary>
    public bool Frozen { get; set; }

    /// <summary>Takes the window's reading; called once a second.</summary>
    public void Sample()
    {
        _window.Sample();
        if (Interlocked.Exchange(ref _failuresThisSecond, 0) - FailuresLoggedPerSecond is var more and > 0) _log.LogWarning("{More} more requests failed in the node within the last second.", more);
    }

    /// <summary>Adds a gauge that is read when scraped.</summary>
    public void AddGauge(string name, string help, Func<double> read)
    {
        var gauge = _factory.CreateGauge(name, help);
        _registry.AddBeforeCollectCallback(() => gauge.Set(read()));
    }

    /// <summary>Adds a counter that is read when scraped; <paramref name="read"/> never goes down.</summary>
    public void AddCounter(string name, string help, Func<double> read)
    {
        var counter = _factory.CreateCounter(name, help);
        _registry.AddBeforeCollectCallback(() => counter.IncTo(read()));
    }

    /// <summary>Adds the component's own metrics, read when scraped.</summary>
    public void AddComponent(IDwcpComponent component) => _registry.AddBeforeCollectCallback(() =>
    {
        foreach (var metric in component.ReadMetrics())
        {
            Action<double>? set;
            lock (_componentGate)
            {
                if (!_componentMetrics.TryGetValue(metric.Name, out set))
                {
                    if (metric.Kind == ComponentMetricKind.Counter) set = _factory.CreateCounter(metric.Name, metric.Help).IncTo;
                    else set = _factory.CreateGauge(metric.Name, metric.Help).Set;
                    _componentMetrics.Add(metric.Name, set);
                }
            }

            set(metric.Value);
        }
    });

    /// <summary>The outcome of a component's last self-test.</summary>
    public void SetComponentHealth(string component, bool passed) => _componentHealth.WithLabels(component).Set(passed ? 1 : 0);

    /// <summary>The exposition text, UTF-8.</summary>
    public async Task<byte[]> ExportAsync(CancellationToken cancellationToken)
    {
        if (Frozen && _frozen is { } frozen) return frozen;
        using var buffer = new MemoryStream();
        await _registry.CollectAndExportAsTextAsync(buffer, cancellationToken).ConfigureAwait(false);
        var text = buffer.ToArray();
        _frozen = text;
        return text;
    }

    /// <inheritdoc/>
    public void SessionStarted(SessionInfo session)
    {
        // The metric first: whoever reads /flags and then scrapes must never see the scrape behind, for that is how a hung exporter is found.
        _sessionsStarted.WithLabels(session.Version).Inc();
        Sessions.Begin(session.Version);
        _sessionsActive.WithLabels(session.Version).Inc();
        _log.LogDebug("Session {Session} ({Version}) of {Principal}, client {Client}, from {Remote} began.",
            session.Id, session.Version, session.Principal, session.ClientId, session.RemoteEndPoint);
    }

    /// <inheritdoc/>
    public void SessionEnded(SessionInfo session, Exception? failure)
    {
        Sessions.End(session.Version);
        _sessionsActive.WithLabels(session.Version).Dec();
        if (failure is null)
        {
            _log.LogDebug("Session {Session} ended.", session.Id);
            return;
        }

        _sessionsBroken.WithLabels(session.Version).Inc();
        // A peer that went away is its own affair; what the node did wrong is an error.
        var level = failure is Transport.DwcpTransferException { Fault: not Transport.DwcpFault.Server } or IOException or OperationCanceledException ? LogLevel.Debug : LogLevel.Error;
        _log.Log(level, failure, "Session {Session} ({Version}) of {Principal} broke.", session.Id, session.Version, session.Principal);
    }

    /// <inheritdoc/>
    public void RequestCompleted(string version, RequestKind kind, RequestOutcome outcome, TimeSpan duration)
    {
        _requests.WithLabels(version, OutcomeLabel(outcome)).Inc();
        _durations.WithLabels(version).Observe(duration.TotalSeconds);
        if (version != VersionLabel.Canary) _totals.AddRequest(outcome, duration.TotalSeconds);
        // A log that a broken version can flood helps nobody.
        if (outcome == RequestOutcome.ServerError && Interlocked.Increment(ref _failuresThisSecond) <= FailuresLoggedPerSecond)
            _log.LogWarning("A {Kind} request on {Version} failed in the node after {Milliseconds} ms.", kind, version, duration.TotalMilliseconds);
    }

    /// <inheritdoc/>
    public void BytesMoved(string version, long raw, long wire)
    {
        _bytes.WithLabels(version, "raw").Inc(raw);
        _bytes.WithLabels(version, "wire").Inc(wire);
        if (version != VersionLabel.Canary) _totals.AddBytes(raw, wire);
    }

    /// <inheritdoc/>
    public void CorruptionDetected(string version, string detail)
    {
        _corruption.WithLabels(version).Inc();
        _log.LogCritical("Corruption on {Version}: {Detail}", version, detail);
    }

    /// <inheritdoc/>
    public void ConnectionRefused(EndPoint? remote, string reason)
    {
        _refused.Inc();
        _log.LogInformation("Connection from {Remote} refused: {Reason}", remote, reason);
    }

    private static string OutcomeLabel(RequestOutcome outcome) => outcome switch
    {
        RequestOutcome.Ok => "ok",
        RequestOutcome.ClientError => "client_error",
        _ => "server_error",
    };
}
