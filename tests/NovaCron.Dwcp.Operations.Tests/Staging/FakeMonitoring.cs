using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Manifests;
using NovaCron.Dwcp.Operations.Tests.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

/// <summary>What a healthy Prometheus, Alertmanager and Grafana answer; a test breaks the answer that it wants broken.</summary>
internal sealed class FakeMonitoring(FakeApiServer server, Func<string> @namespace)
{
    private const int Families = 12;
    private readonly List<JsonObject> _alerts = [];
    private int _accepted;
    private int _givenUp;

    /// <summary>Edits an answer: pod, method and path (unescaped), the answer.</summary>
    public Func<string, string, string, (int Status, string Body)?>? Break { get; set; }

    /// <summary>What becomes of a test alert's notification: accepted, given up, or nothing.</summary>
    public bool? Delivers { get; set; } = true;

    /// <summary>Alerts that have been told of, with those that have ended.</summary>
    public List<JsonObject> Told { get; } = [];

    public static bool IsIts(string pod) => pod.Split('-')[0] is "prometheus" or "alertmanager" or "grafana";

    public (int, string) Answer(string pod, string call, string body)
    {
        var plain = Uri.UnescapeDataString(call);
        var answer = Healthy(plain, body);
        return Break?.Invoke(pod, plain, answer.Item2) ?? answer;
    }

    private (int, string) Healthy(string call, string body) => call switch
    {
        "GET /api/v1/targets?state=active" => (200, Success(new JsonObject
        {
            ["activeTargets"] = new JsonArray([.. Pods("dwcp-v3").Concat(Pods("dwcp-v3-guardian")).Select(p => new JsonObject
            {
                ["labels"] = new JsonObject { ["namespace"] = @namespace(), ["pod"] = p }, ["health"] = "up", ["lastError"] = "",
            })]),
        })),
        "GET /api/v1/rules?type=alert" => (200, Success(new JsonObject { ["groups"] = new JsonArray(new JsonObject { ["rules"] = new JsonArray([.. Alerts().Select(a => new JsonObject
        {
            ["name"] = a, ["health"] = "ok", ["lastError"] = "", ["lastEvaluation"] = DateTimeOffset.UtcNow.AddSeconds(-3).ToString("O"),
        })]) }) })),
        "GET /api/v1/query?query=time()" => (200, Success(new JsonObject { ["resultType"] = "scalar", ["result"] = new JsonArray(Now(), "" + Now().ToString(CultureInfo.InvariantCulture)) })),
        _ when call.StartsWith("GET /api/v1/query?query={__name__", StringComparison.Ordinal) => (200, Success(new JsonObject { ["resultType"] = "matrix", ["result"] = Series() })),
        _ when call.StartsWith("GET /api/v1/query?query=", StringComparison.Ordinal) => (200, Success(new JsonObject
        {
            ["resultType"] = "vector",
            ["result"] = new JsonArray([.. Pods("dwcp-v3").Concat(Pods("dwcp-v3-guardian")).Select(p => new JsonObject { ["metric"] = new JsonObject { ["pod"] = p }, ["value"] = new JsonArray(Now(), "1") })]),
        })),
        "POST /api/v2/alerts" => Take(body),
        _ when call.StartsWith("GET /api/v2/alerts", StringComparison.Ordinal) => (200, new JsonArray([.. _alerts.Select(a => a.DeepClone())]).ToJsonString()),
        "GET /metrics" => (200, $$"""
            alertmanager_notification_requests_total{integration="slack"} {{_accepted + 2}}
            alertmanager_notification_requests_failed_total{integration="slack"} 2
            alertmanager_notifications_failed_total{integration="slack"} {{_givenUp}}

            """),
        "GET /api/health" => (200, """{"database":"ok","version":"11.6.0"}"""),
        _ => (404, "nothing here"),
    };

    private (int, string) Take(string body)
    {
        foreach (var alert in JsonNode.Parse(body)!.AsArray().OfType<JsonObject>())
        {
            Told.Add((JsonObject)alert.DeepClone());
            _alerts.RemoveAll(a => JsonNode.DeepEquals(a["labels"], alert["labels"]));
            if (DateTimeOffset.Parse(alert["endsAt"]!.ToString(), CultureInfo.InvariantCulture) <= DateTimeOffset.UtcNow)
                continue;
            _alerts.Add(new JsonObject
            {
                ["labels"] = alert["labels"]!.DeepClone(), ["status"] = new JsonObject { ["state"] = "active" }, ["receivers"] = new JsonArray(new JsonObject { ["name"] = "drill" }),
            });
            _accepted += Delivers == true ? 1 : 0;
            _givenUp += Delivers == false ? 1 : 0;
        }

        return (200, "{}");
    }

    private JsonArray Series() => new([.. Pods("dwcp-v3").SelectMany(p => Enumerable.Range(0, Families).Select(n => new JsonObject
    {
        ["metric"] = new JsonObject { ["__name__"] = $"dwcp_family{n}_total", ["pod"] = p },
        ["values"] = new JsonArray(new JsonArray(Now() - 15, "1"), new JsonArray(Now() - 1, "2")),
    }))]);

    private IEnumerable<string> Pods(string app) =>
        server.Objects.Values.Where(o => o["kind"]?.ToString() == "Pod" && o["metadata"]?["labels"]?["app"]?.ToString() == app).Select(o => o["metadata"]!["name"]!.ToString()).ToList();

    private static IEnumerable<string> Alerts() =>
        new MonitoringAssets(new MonitoringValues(), "staging").RuleGroups().SelectMany(g => g!["rules"]!.AsArray()).Select(r => r!["alert"]?.ToString()).OfType<string>();

    private static double Now() => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    private static string Success(JsonObject data) => new JsonObject { ["status"] = "success", ["data"] = data }.ToJsonString();
}
