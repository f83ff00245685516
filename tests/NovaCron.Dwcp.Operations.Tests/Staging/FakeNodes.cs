using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Tests.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

/// <summary>What healthy nodes answer behind the proxy; a test breaks the answer that it wants broken.</summary>
internal sealed class FakeNodes
{
    private readonly FakeApiServer _server;
    private int _scrapes;

    public FakeNodes(FakeApiServer server)
    {
        _server = server;
        Monitoring = new FakeMonitoring(server, () => Namespace);
        server.Proxy = Answer;
        server.Log = _ => """{"time":"2026-05-01T12:00:00.000Z","level":"info","logger":"n","message":"started"}""" + "\n";
    }

    public string Namespace { get; init; } = "staging";

    /// <summary>Prometheus, Alertmanager and Grafana of the bundled stack.</summary>
    public FakeMonitoring Monitoring { get; }

    /// <summary>Replaces an answer: pod or service, port, method and path.</summary>
    public Func<string, string, string, (int Status, string Body)?>? Break { get; set; }

    /// <summary>Edits a metrics page before it is sent.</summary>
    public Func<string, string>? EditMetrics { get; set; }

    /// <summary>Nodes say that they are processes of a rehearsal.</summary>
    public bool Rehearsal { get; set; } = true;

    public bool Frozen { get; set; }

    public int Effective { get; set; }

    /// <summary>Counts up with every load that a probe makes.</summary>
    public long Requests { get; set; }

    public long ServerErrors { get; set; }

    public long SlowRequests { get; set; }

    public Action<JsonObject>? EditConfiguration { get; set; }

    /// <summary>What a pod reaches of another, or of "cloud metadata", on a port; null leaves it as the policies have it.</summary>
    public Func<string, string, string, bool?>? Reaches { get; set; }

    /// <summary>Pods that have not told the others where they are.</summary>
    public Func<string, bool> IsUnheard { get; set; } = _ => false;

    private string Secret(string key) => Encoding.UTF8.GetString(Convert.FromBase64String(_server.Get($"api/v1/namespaces/{Namespace}/secrets/dwcp-v3-secrets")["data"]![key]!.ToString()));

    private JsonObject Map => _server.Get($"api/v1/namespaces/{Namespace}/configmaps/dwcp-v3-config");

    private (int, string) Answer(string pod, string port, string call, string? key, string body)
    {
        if (FakeMonitoring.IsIts(pod))
            return Monitoring.Answer(pod, call, body);
        if (Break?.Invoke(pod, port, call) is { } broken)
            return broken;
        if (call.StartsWith("GET /diagnostics", StringComparison.Ordinal) || call.StartsWith("POST /diagnostics", StringComparison.Ordinal))
        {
            if (key != Secret("diagnostics-key"))
                return (401, """{"error":"needs X-Dwcp-Key"}""");
        }

        return call switch
        {
            "GET /health" or "GET /ready" => (200, """{"status":"ok"}"""),
            "GET /metrics" => (200, Metrics()),
            "GET /flags" => (200, Flags().ToJsonString()),
            "GET /diagnostics/configuration" => (200, Configuration().ToJsonString()),
            "GET /diagnostics/connectivity" => (200, """{"ok":true,"targets":[{"target":"redis","ok":true,"detail":"PING answered, authenticated"},{"target":"dns","ok":true,"detail":"d"},{"target":"api-server","ok":true,"detail":"d"},{"target":"store","ok":true,"detail":"d"}]}"""),
            "GET /diagnostics/network" => (200, Network(pod).ToJsonString()),
            "GET /diagnostics/components" => (200, """{"components":[]}"""),
            "POST /sessions" => (200, $$"""{"version":{{(Effective > 50 ? 3 : 1)}},"address":"10.0.0.7:7420"}"""),
            "POST /diagnostics/benchmark?kind=transfer" or "POST /diagnostics/benchmark?kind=sibling" => (200, """{"kind":"transfer","data":"32 MiB random","bytes":33554432,"bytesPerSecond":5e9,"figures":{"version":3},"memoryCopyBytesPerSecond":9e9}"""),
            "POST /diagnostics/benchmark?kind=internet&level=dense" => (200, """{"kind":"internet","data":"8 MiB sample","bytes":8388608,"bytesPerSecond":3e7,"figures":{"percentSaved":81.5},"memoryCopyBytesPerSecond":9e9}"""),
            "POST /diagnostics/benchmark?kind=codec" => (200, """{"kind":"codec","data":"32 MiB seeded","bytes":33554432,"bytesPerSecond":1e8,"figures":{"percentSaved":70.5},"memoryCopyBytesPerSecond":9e9}"""),
            _ when call.StartsWith("POST /diagnostics/selftest?component=", StringComparison.Ordinal) => (200, """{"health":"ok","lastSelfTest":{"passed":true,"detail":"fine"}}"""),
            _ => (404, "nothing here"),
        };
    }

    public JsonObject Flags() => new()
    {
        ["flag"] = int.TryParse(Map["data"]?["FEATURE_FLAG_V3_ROLLOUT"]?.ToString(), out var flag) ? flag : 0,
        ["ceiling"] = int.TryParse(Map["data"]?["FEATURE_FLAG_V3_CEILING"]?.ToString(), out var ceiling) ? ceiling : 0,
        ["effective"] = Effective,
        ["known"] = true,
        ["stalenessSeconds"] = 1.5,
        ["revision"] = Map["metadata"]!["resourceVersion"]!.ToString(),
    };

    private JsonObject Configuration()
    {
        var data = Map["data"]!;
        var configuration = new JsonObject
        {
            ["version"] = data["DWCP_VERSION"]?.ToString(),
            ["mode"] = data["DWCP_MODE"]?.ToString(),
            ["port"] = 8080,
            ["prometheusPort"] = 9090,
            ["redisUrl"] = data["REDIS_URL"]?.ToString(),
            ["rehearsal"] = Rehearsal,
            ["injectedFaults"] = null,
            ["certificate"] = new JsonObject { ["sha256"] = Fingerprint() },
            ["flags"] = Flags(),
        };
        EditConfiguration?.Invoke(configuration);
        return configuration;
    }

    private JsonObject Network(string pod)
    {
        var siblings = _server.Objects.Where(o => o.Key.StartsWith($"api/v1/namespaces/{Namespace}/pods/", StringComparison.Ordinal) && o.Value["metadata"]!["labels"]?["app"]?.ToString() == "dwcp-v3")
            .Select(o => o.Value["metadata"]!["name"]!.ToString()).Where(name => name != pod && !IsUnheard(name));
        JsonObject Attempt(string target, int port, string protocol, bool allowed) => new()
        {
            ["target"] = target, ["address"] = "10.0.0.7", ["port"] = port, ["protocol"] = protocol, ["reached"] = Reaches?.Invoke(pod, target, $"{port}/{protocol}") ?? allowed, ["detail"] = "seen",
        };
        return new JsonObject
        {
            ["pod"] = pod,
            ["attempts"] = new JsonArray(
            [
                .. siblings.SelectMany(s => new JsonNode[] { Attempt(s, 7420, "tcp", true), Attempt(s, 7420, "udp", true), Attempt(s, 8080, "tcp", true), Attempt(s, 8081, "tcp", false), Attempt(s, 9090, "tcp", false) }),
                Attempt("cloud metadata", 80, "tcp", false),
            ]),
        };
    }

    private string Fingerprint()
    {
        using var leaf = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(Secret("tls.crt"));
        return Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(leaf.RawData)).ToLowerInvariant();
    }

    private string Metrics()
    {
        if (!Frozen)
            _scrapes++;
        var text = new StringBuilder();
        void Line(string name, double value) => text.Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
        foreach (var gauge in new[] { "dwcp_v3_rollout_percentage", "dwcp_error_rate", "dwcp_latency_p99_ms", "dwcp_throughput_bytes", "dwcp_compression_ratio" })
            Line(gauge, 0);
        Line("dwcp_flag_revision", 5);
        Line("""dwcp_build_info{version="3.0.0"}""", 1);
        foreach (var version in new[] { "v1", "v3", "canary" })
        {
            var own = version == "v1";
            Line($$"""dwcp_requests_total{version="{{version}}",outcome="ok"}""", own ? Requests - ServerErrors : 0);
            Line($$"""dwcp_requests_total{version="{{version}}",outcome="server_error"}""", own ? ServerErrors : 0);
            Line($$"""dwcp_request_duration_seconds_bucket{version="{{version}}",le="0.1"}""", own ? Requests - SlowRequests : 0);
            Line($$"""dwcp_request_duration_seconds_bucket{version="{{version}}",le="+Inf"}""", own ? Requests : 0);
            Line($$"""dwcp_request_duration_seconds_count{version="{{version}}"}""", own ? Requests : 0);
            Line($$"""dwcp_transfer_bytes_total{version="{{version}}",kind="raw"}""", 0);
            Line($$"""dwcp_sessions_active{version="{{version}}"}""", 0);
            Line($$"""dwcp_sessions_started_total{version="{{version}}"}""", 0);
            Line($$"""dwcp_corruption_total{version="{{version}}"}""", 0);
        }

        foreach (var component in new[] { "amst", "hde", "pba", "ass", "acp", "itp" })
        {
            Line($$"""dwcp_component_health{component="{{component.ToUpperInvariant()}}"}""", 1);
            Line($"dwcp_{component}_blocks_total", _scrapes);
            Line($"dwcp_{component}_bytes_total", 10 * _scrapes);
        }

        Line("process_cpu_seconds_total", _scrapes / 100.0);
        return EditMetrics?.Invoke(text.ToString()) ?? text.ToString();
    }
}
