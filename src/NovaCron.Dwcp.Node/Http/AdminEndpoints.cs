using System.Security.Cryptography;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Node.Cache;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Diagnostics;
using NovaCron.Dwcp.Node.Faults;
using NovaCron.Dwcp.Node.Flags;
using NovaCron.Dwcp.Node.Health;
using NovaCron.Dwcp.Node.Metrics;
using NovaCron.Dwcp.Node.Secrets;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Http;

/// <summary>Port 8081, in neither Service nor Ingress. Reading flags is free; everything that costs or changes needs the diagnostics key.</summary>
internal sealed class AdminEndpoints(
    NodeOptions options, NodeHealth health, RolloutFlag flag, SecretFiles secrets, NodeMetrics metrics, ComponentChecks components,
    ConnectivityProbe connectivity, NetworkProbe network, BenchmarkRunner benchmarks, PeerDirectory peers, RedisCache cache, RehearsalFaults? faults, Func<int> dataPort, ILogger log)
{
    public const string KeyHeader = "X-Dwcp-Key";

    private static readonly string[] Paths =
    [
        "GET /flags", "GET /diagnostics/components", "GET /diagnostics/connectivity", "GET /diagnostics/network", "GET /diagnostics/configuration", "GET /diagnostics/peers",
        "POST /diagnostics/selftest?component=", "POST /diagnostics/benchmark?kind=&level=", "POST /drain",
    ];

    public async Task HandleAsync(HttpContext context)
    {
        var path = context.Request.Path.Value;
        switch (path)
        {
            case "/flags":
                if (await context.AllowsAsync(HttpMethods.Get).ConfigureAwait(false))
                    await context.WriteAsync(StatusCodes.Status200OK, ReadFlags(), NodeJson.Default.FlagsAnswer).ConfigureAwait(false);
                break;
            case "/diagnostics/components" or "/diagnostics/connectivity" or "/diagnostics/network" or "/diagnostics/configuration" or "/diagnostics/peers":
                if (await context.AllowsAsync(HttpMethods.Get).ConfigureAwait(false) && await HasKeyAsync(context).ConfigureAwait(false)) await ReadAsync(context, path).ConfigureAwait(false);
                break;
            case "/diagnostics/selftest" or "/diagnostics/benchmark" or "/drain":
                if (await context.AllowsAsync(HttpMethods.Post).ConfigureAwait(false) && await HasKeyAsync(context).ConfigureAwait(false)) await ActAsync(context, path).ConfigureAwait(false);
                break;
            default:
                await context.WriteErrorAsync(StatusCodes.Status404NotFound, $"Here are {string.Join(", ", Paths)}.").ConfigureAwait(false);
                break;
        }
    }

    private async Task<bool> HasKeyAsync(HttpContext context)
    {
        var presented = context.Request.Headers[KeyHeader];
        if (presented.Count == 1 && secrets.Current.IsDiagnosticsKey(presented[0])) return true;
        if (presented.Count > 0) log.LogWarning("A wrong diagnostics key was presented from {Remote} for {Path}.", context.Connection.RemoteIpAddress, context.Request.Path.Value);
        await context.WriteErrorAsync(StatusCodes.Status401Unauthorized, $"{context.Request.Path} needs {KeyHeader}: the key diagnostics-key of Secret dwcp-v3-secrets.").ConfigureAwait(false);
        return false;
    }

    private async Task ReadAsync(HttpContext context, string path)
    {
        switch (path)
        {
            case "/diagnostics/components":
                await context.WriteAsync(StatusCodes.Status200OK, new ComponentsAnswer([.. components.States.Select(Describe)]), NodeJson.Default.ComponentsAnswer).ConfigureAwait(false);
                break;
            case "/diagnostics/connectivity":
                var results = await connectivity.RunAsync(context.RequestAborted).ConfigureAwait(false);
                await context.WriteAsync(StatusCodes.Status200OK, new ConnectivityAnswer(results.All(result => result.Ok || !result.Required), results), NodeJson.Default.ConnectivityAnswer)
                    .ConfigureAwait(false);
                break;
            case "/diagnostics/network":
                var attempts = await network.RunAsync(context.Request.Headers[KeyHeader].ToString(), context.RequestAborted).ConfigureAwait(false);
                await context.WriteAsync(StatusCodes.Status200OK, new NetworkAnswer(options.PodName, attempts), NodeJson.Default.NetworkAnswer).ConfigureAwait(false);
                break;
            case "/diagnostics/configuration":
                await context.WriteAsync(StatusCodes.Status200OK, ReadConfiguration(), NodeJson.Default.ConfigurationAnswer).ConfigureAwait(false);
                break;
            default:
                await context.WriteAsync(StatusCodes.Status200OK, new PeersAnswer(cache.IsUp, await peers.ReadAsync().ConfigureAwait(false)), NodeJson.Default.PeersAnswer).ConfigureAwait(false);
                break;
        }
    }

    private async Task ActAsync(HttpContext context, string path)
    {
        switch (path)
        {
            case "/diagnostics/selftest":
                var component = context.Request.Query["component"].ToString();
                if (await components.TestAsync(component, context.RequestAborted).ConfigureAwait(false) is { } tested)
                    await context.WriteAsync(StatusCodes.Status200OK, Describe(tested), NodeJson.Default.ComponentAnswer).ConfigureAwait(false);
                else
                    await context.WriteErrorAsync(StatusCodes.Status404NotFound, $"component must be one of {string.Join(", ", components.States.Select(state => state.Component.Name))}.").ConfigureAwait(false);
                break;
            case "/diagnostics/benchmark":
                await BenchmarkAsync(context).ConfigureAwait(false);
                break;
            default:
                health.Leave();
                log.LogInformation("Asked to drain: not ready from now on.");
                await context.WriteAsync(StatusCodes.Status202Accepted, new DrainAnswer(true, SessionCounts.Labels.Sum(metrics.Sessions.Active)), NodeJson.Default.DrainAnswer).ConfigureAwait(false);
                break;
        }
    }

    private async Task BenchmarkAsync(HttpContext context)
    {
        var kind = context.Request.Query["kind"].ToString();
        var levelText = context.Request.Query["level"].ToString();
        var level = DwcpLevel.Balanced;
        if (!BenchmarkRunner.Kinds.Contains(kind) || (levelText.Length > 0 && (!Enum.TryParse(levelText, ignoreCase: true, out level) || !Enum.IsDefined(level))))
        {
            await context.WriteErrorAsync(StatusCodes.Status400BadRequest,
                $"kind must be one of {string.Join(", ", BenchmarkRunner.Kinds)}; level, if given, one of {string.Join(", ", Enum.GetNames<DwcpLevel>())}.").ConfigureAwait(false);
            return;
        }

        try
        {
            var result = await benchmarks.RunAsync(kind, level, context.Request.Headers[KeyHeader].ToString(), context.RequestAborted).ConfigureAwait(false);
            if (result is null) await context.WriteErrorAsync(StatusCodes.Status409Conflict, "Another benchmark runs here; one at a time. Ask again when it is done.").ConfigureAwait(false);
            else await context.WriteAsync(StatusCodes.Status200OK, result, NodeJson.Default.BenchmarkResult).ConfigureAwait(false);
        }
        catch (Exception error) when (error is DwcpTransferException or DwcpFormatException or DwcpNodeException or TimeoutException
            || (error is OperationCanceledException && !context.RequestAborted.IsCancellationRequested))
        {
            log.LogError(error, "Benchmark {Kind} failed.", kind);
            await context.WriteErrorAsync(StatusCodes.Status500InternalServerError, $"Benchmark {kind} failed: {error.Message}").ConfigureAwait(false);
        }
    }

    private FlagsAnswer ReadFlags()
    {
        var state = flag.State;
        SessionCountAnswer Count(string label) => new(metrics.Sessions.Started(label), metrics.Sessions.Active(label));
        return new FlagsAnswer(
            state.Settings.Flag, state.Settings.Ceiling, state.Effective, state.Revision, state.AppliedAt, state.IsKnown, flag.Staleness?.TotalSeconds, state.Errors,
            state.HasV1 ? state.ServesV1 ? "enabled" : "disabled" : "absent", state.Ignored, state.GuardianSeenAt, state.GuardianLost, state.Settings.FallWhenGuardianLost ? "fall" : "hold", state.Settings.GuardianLostAfter.TotalSeconds, health.IsLeaving,
            new SessionsAnswer(Count(VersionLabel.V1), Count(VersionLabel.V3), Count(VersionLabel.Canary)));
    }

    private ConfigurationAnswer ReadConfiguration()
    {
        var certificate = secrets.Current.Certificate;
        return new ConfigurationAnswer(
            options.PodName, options.Namespace, options.Version, NodeOptions.BuildVersion, options.Mode.ToString().ToLowerInvariant(), options.LogLevel.ToString().ToLowerInvariant(),
            options.HttpPort, options.AdminPort, options.MetricsPort, dataPort(), options.Redis?.ToString(), options.Paths.Store, options.AllowsCanary, options.Grace.TotalSeconds,
            options.Rehearsal, faults?.Current, secrets.Current.Principals.Principals.Count,
            new CertificateAnswer(certificate.Subject, certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime(),
                Convert.ToHexStringLower(SHA256.HashData(certificate.RawData))),
            ReadFlags());
    }

    private static ComponentAnswer Describe(ComponentState state) => new(
        state.Component.Name,
        state.LastTest is null ? "untested" : state.LastTest.Passed ? "ok" : "failed",
        state.LastTest is { } test ? new SelfTestAnswer(test.Passed, test.Detail, test.Duration.TotalMilliseconds, state.TestedAt ?? default) : null,
        [.. state.Component.ReadMetrics().Select(metric => new ComponentMetricAnswer(metric.Name, metric.Kind.ToString().ToLowerInvariant(), metric.Help, metric.Value))]);
}
