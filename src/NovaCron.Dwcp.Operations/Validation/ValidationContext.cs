using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>
/// What checks look at. Everything is read once and shared, failures included, so that all checks of a run judge the same picture.
/// </summary>
internal sealed class ValidationContext(ClusterConnection connection, ValidationOptions options, TimeProvider time, CancellationToken run)
{
    /// <summary>Client names of the probes, so that their traces can be told apart in logs.</summary>
    public const string ProbeClient = "dwcp-validation";

    private readonly ConcurrentDictionary<string, Lazy<Task<object?>>> _once = new(StringComparer.Ordinal);

    public ClusterConnection Connection => connection;

    public string Namespace => options.Namespace;

    public ValidationOptions Options => options;

    public ValidationProfile Profile => options.Profile;

    public TimeProvider Time => time;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>An object of the namespace, or null.</summary>
    public Task<JsonObject?> FindAsync(ClusterResource resource, string name) =>
        OnceAsync($"{resource}/{name}", () => connection.FindAsync(resource, resource.Namespaced ? Namespace : null, name, run));

    public Task<IReadOnlyList<JsonObject>> ListAsync(ClusterResource resource) =>
        OnceAsync($"{resource}", () => connection.ListAsync(resource, resource.Namespaced ? Namespace : null, cancellationToken: run));

    /// <summary>Pods of node, guardian and redis that are not being deleted.</summary>
    public async Task<IReadOnlyList<JsonObject>> OurPodsAsync()
    {
        var pods = (await ListAsync(ClusterResource.Pod).ConfigureAwait(false))
            .Where(p => p.Text("metadata", "deletionTimestamp") is null && p.Text("metadata", "labels", "app.kubernetes.io/name") == "dwcp-v3").ToList();
        return pods.Count > 0 ? pods : throw new InconclusiveException($"namespace {Namespace} has no pods of DWCP v3");
    }

    public async Task<IReadOnlyList<JsonObject>> PodsOfAsync(string app)
    {
        var pods = (await ListAsync(ClusterResource.Pod).ConfigureAwait(false))
            .Where(p => p.Text("metadata", "deletionTimestamp") is null && p.Text("metadata", "labels", "app") == app).ToList();
        return pods.Count > 0 ? pods : throw new InconclusiveException($"namespace {Namespace} has no pods with app={app}");
    }

    /// <summary>Names of the node pods; at least one.</summary>
    public async Task<IReadOnlyList<string>> NodesAsync() => [.. (await PodsOfAsync("dwcp-v3").ConfigureAwait(false)).Select(p => p.Name()).Order(StringComparer.Ordinal)];

    /// <summary>Pod specs: of the Deployments' templates and of the running pods, each with a name for messages.</summary>
    public async Task<IReadOnlyList<(string Where, JsonNode? Spec)>> PodSpecsAsync()
    {
        var deployments = (await ListAsync(ClusterResource.Deployment).ConfigureAwait(false)).Where(d => d.Text("metadata", "labels", "app.kubernetes.io/name") == "dwcp-v3");
        return
        [
            .. deployments.Select(d => ($"Deployment {d.Name()}", d.At("spec", "template", "spec"))),
            .. (await OurPodsAsync().ConfigureAwait(false)).Select(p => ($"pod {p.Name()}", p["spec"])),
        ];
    }

    /// <summary>The data of ConfigMap dwcp-v3-config.</summary>
    public async Task<JsonObject> ConfigurationAsync() =>
        await FindAsync(ClusterResource.ConfigMap, "dwcp-v3-config").ConfigureAwait(false) ?? throw new InconclusiveException($"ConfigMap {Namespace}/dwcp-v3-config does not exist");

    /// <summary>The decoded Secret dwcp-v3-secrets.</summary>
    public Task<IReadOnlyDictionary<string, string>> SecretsAsync() => SecretAsync(StagingNames.Secrets);

    public async Task<IReadOnlyDictionary<string, string>> SecretAsync(string name)
    {
        var secret = await FindAsync(ClusterResource.Secret, name).ConfigureAwait(false) ?? throw new InconclusiveException($"Secret {Namespace}/{name} does not exist");
        return (secret["data"] as JsonObject ?? []).ToDictionary(d => d.Key, d => Encoding.UTF8.GetString(Convert.FromBase64String(d.Value?.ToString() ?? "")));
    }

    public async Task<string> SecretValueAsync(string key) =>
        (await SecretsAsync().ConfigureAwait(false)).TryGetValue(key, out var value) && value.Trim().Length > 0
            ? value.Trim()
            : throw new InconclusiveException($"Secret {Namespace}/{StagingNames.Secrets} lacks {key}");

    public async Task<StagingRecord> RecordAsync() =>
        await OnceAsync("record", () => StagingRecord.ReadAsync(connection, Namespace, run)).ConfigureAwait(false)
        ?? throw new InconclusiveException($"namespace {Namespace} has no record of a deployment (ConfigMap {StagingNames.Record})");

    /// <summary>What a node's GET /flags answers.</summary>
    public Task<JsonObject> FlagsAsync(string pod) => ReadOnceAsync(pod, 8081, "/flags");

    /// <summary>What a node's GET /diagnostics/... answers to the diagnostics key.</summary>
    public async Task<JsonObject> DiagnosticsAsync(string pod, string path)
    {
        var key = await SecretValueAsync("diagnostics-key").ConfigureAwait(false);
        return await ReadOnceAsync(pod, 8081, $"/diagnostics/{path}", key).ConfigureAwait(false);
    }

    /// <summary>POST below /diagnostics; never shared, it does something.</summary>
    public async Task<JsonObject> DiagnoseAsync(string pod, string path, TimeSpan limit, CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, string> { ["X-Dwcp-Key"] = await SecretValueAsync("diagnostics-key").ConfigureAwait(false) };
        var answer = await connection.SendToPodAsync(Namespace, pod, 8081, HttpMethod.Post, $"/diagnostics/{path}", headers, timeout: limit, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        return answer.IsSuccess ? answer.ReadJson() : throw new InconclusiveException($"{answer.Target} answered {(int)answer.StatusCode}: {Start(answer.Text)}");
    }

    /// <summary>The first metrics page of the run.</summary>
    public Task<IReadOnlyList<MetricSample>> MetricsAsync(string pod) => OnceAsync($"metrics/{pod}", () => ScrapeAsync(pod, run));

    /// <summary>A fresh metrics page.</summary>
    public async Task<IReadOnlyList<MetricSample>> ScrapeAsync(string pod, CancellationToken cancellationToken) => PrometheusText.Parse(await ScrapeTextAsync(pod, cancellationToken).ConfigureAwait(false));

    public async Task<string> ScrapeTextAsync(string pod, CancellationToken cancellationToken)
    {
        var answer = await connection.GetFromPodAsync(Namespace, pod, 9090, "/metrics", cancellationToken: cancellationToken).ConfigureAwait(false);
        return answer.IsSuccess ? answer.Text : throw new InconclusiveException($"{answer.Target} answered {(int)answer.StatusCode}");
    }

    /// <summary>A container's log since its start. One that is longer than what is read is no basis for "nothing was logged".</summary>
    public Task<string> LogAsync(string pod, string container) => OnceAsync($"log/{pod}/{container}", async () =>
    {
        var log = await connection.ReadLogAsync(Namespace, pod, new PodLogOptions { Container = container, LimitBytes = options.LogLimit }, run).ConfigureAwait(false);
        return log.Length < options.LogLimit
            ? log
            : throw new InconclusiveException($"the log of pod {pod} is longer than the {options.LogLimit} bytes that are read; restart the pod or lower LOG_LEVEL");
    });

    /// <summary>
    /// True only if the profile is meant for processes and every node says itself that it is one. What is skipped for processes is never skipped
    /// for real pods, whatever profile was asked for.
    /// </summary>
    public async Task<bool> PodsAreProcessesAsync()
    {
        if (!Profile.PodsAreProcesses)
            return false;
        foreach (var pod in await NodesAsync().ConfigureAwait(false))
        {
            if ((await DiagnosticsAsync(pod, "configuration").ConfigureAwait(false)).Flag("rehearsal") != true)
                return false;
        }

        return true;
    }

    /// <summary>A transfer by the probe, shared by the checks that judge it.</summary>
    public Task<TransferProbeResult> TransferAsync(string name, Func<TransferProbeRequest, TransferProbeRequest> shape) => OnceAsync($"transfer/{name}", async () =>
    {
        var probe = options.TransferProbe ?? throw new InconclusiveException("no transfer client was given to the validation, so that no data was moved");
        return await probe.RunAsync(shape(await ProbeRequestAsync().ConfigureAwait(false)), run).ConfigureAwait(false);
    });

    private async Task<TransferProbeRequest> ProbeRequestAsync() => new()
    {
        Address = options.DataAddress ?? await DataAddressAsync().ConfigureAwait(false),
        Detour = options.DataAddress is null ? _ => ForwardedAddressAsync() : null,
        CertificateAuthority = await SecretValueAsync("ca.crt").ConfigureAwait(false),
        ApiKey = await SecretValueAsync("client-api-key").ConfigureAwait(false),
    };

    /// <summary>host:port of 7420 as the Service tells it.</summary>
    public async Task<string> DataAddressAsync()
    {
        var service = await FindAsync(ClusterResource.Service, "dwcp-v3").ConfigureAwait(false) ?? throw new InconclusiveException($"Service {Namespace}/dwcp-v3 does not exist");
        var outside = service.Items("status", "loadBalancer", "ingress").FirstOrDefault();
        var host = outside.Text("hostname") ?? outside.Text("ip") ?? service.Text("spec", "clusterIP");
        return host is null or "None" or ""
            ? throw new InconclusiveException($"Service {Namespace}/dwcp-v3 has no address; give the data address")
            : host.Contains(':') ? $"[{host}]:7420" : $"{host}:7420";
    }

    /// <summary>Whether clients on this machine reach the Service's data port, or the address that was given, without a port-forward.</summary>
    public Task<bool> ReachesDataAsync(CancellationToken cancellationToken) => OnceAsync("data-direct", async () => options.DataAddress is not null
        || (await options.AddressProbe.HandshakeAsync(await DataAddressAsync().ConfigureAwait(false), System.Security.Authentication.SslProtocols.Tls13, "dwcp-v3",
            await SecretValueAsync("ca.crt").ConfigureAwait(false), cancellationToken).ConfigureAwait(false)).Outcome != Probes.TlsOutcome.Unreachable);

    /// <summary>The data port of a node on this machine, for who stands outside of the cluster's network.</summary>
    public Task<string> ForwardedAddressAsync() => OnceAsync("data-forward", async () =>
    {
        var forward = connection.Forward(Namespace, (await NodesAsync().ConfigureAwait(false))[0], 7420);
        run.Register(forward.Dispose);
        return forward.EndPoint.ToString();
    });

    private async Task<JsonObject> ReadOnceAsync(string pod, int port, string path, string? key = null)
    {
        var answer = await OnceAsync(string.Create(CultureInfo.InvariantCulture, $"{pod}:{port}{path}"), () => connection.GetFromPodAsync(
            Namespace, pod, port, path, key is null ? null : new Dictionary<string, string> { ["X-Dwcp-Key"] = key }, cancellationToken: run)).ConfigureAwait(false);
        return answer.IsSuccess ? answer.ReadJson() : throw new InconclusiveException($"{answer.Target} answered {(int)answer.StatusCode}: {Start(answer.Text)}");
    }

    /// <summary>Work that several checks need, done once per run.</summary>
    public async Task<T> OnceAsync<T>(string name, Func<Task<T>> read)
    {
        var task = _once.GetOrAdd(name, _ => new Lazy<Task<object?>>(async () => await read().ConfigureAwait(false)));
        return (T)(await task.Value.ConfigureAwait(false))!;
    }

    /// <summary>Asks every node at the same time; the problems come back in the order of the pods.</summary>
    public async Task<IReadOnlyList<string>> OfEachNodeAsync(Func<string, Task<string?>> problem)
    {
        var answers = await Task.WhenAll((await NodesAsync().ConfigureAwait(false)).Select(problem)).ConfigureAwait(false);
        return [.. answers.OfType<string>()];
    }

    public static string Start(string text) => text.Length > 200 ? text[..200] + "..." : text;
}
