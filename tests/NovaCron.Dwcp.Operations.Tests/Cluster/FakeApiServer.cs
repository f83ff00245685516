using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Cluster;

/// <summary>
/// An API server in memory behind the HTTP client: objects, revisions, apply and merge patches, dry runs, lists, and whatever a test puts in
/// front of it. Deployments get their pods at once.
/// </summary>
internal sealed class FakeApiServer : HttpMessageHandler
{
    private static readonly Dictionary<string, string> Kinds = ClusterResource.WellKnown.ToDictionary(r => r.Plural, r => r.Kind);
    private readonly object _lock = new();
    private long _revision = 100;

    public SortedDictionary<string, JsonObject> Objects { get; } = new(StringComparer.Ordinal);

    public List<string> Requests { get; } = [];

    /// <summary>Answers instead of the server, or null to let it.</summary>
    public Func<HttpRequestMessage, string, HttpResponseMessage?>? Intercept { get; set; }

    /// <summary>Answers for pods and services behind the proxy: pod, port, method and path, key, body.</summary>
    public Func<string, string, string, string?, string, (int Status, string Body)>? Proxy { get; set; }

    public Func<string, string> Log { get; set; } = _ => "";

    /// <summary>Pods become ready, or stay as this says.</summary>
    public Action<JsonObject>? ShapePod { get; set; }

    /// <summary>A pod that is replaced stays in the list, terminating for ever.</summary>
    public bool Lingers { get; set; }

    public string Version { get; set; } = "v1.36.0";

    public string User { get; set; } = "jane";

    public ClusterConnection Connect(ClusterConnectionOptions? options = null, TimeProvider? time = null) => ClusterConnection.Open(
        (options ?? new ClusterConnectionOptions()) with { Server = "https://fake.test:6443", Token = "t" }, this, time ?? TimeProvider.System);

    /// <summary>Requests that are never answered.</summary>
    public Func<HttpRequestMessage, bool>? Hang { get; set; }

    /// <summary>Another server with the same objects.</summary>
    public FakeApiServer Copy()
    {
        var copy = new FakeApiServer { Version = Version, User = User, _revision = _revision };
        lock (_lock)
        {
            foreach (var (path, document) in Objects)
                copy.Objects[path] = (JsonObject)document.DeepClone();
        }

        return copy;
    }

    public JsonObject Get(string path)
    {
        lock (_lock)
            return Objects.TryGetValue(path, out var found) ? found : throw new KeyNotFoundException($"{path}; there are {string.Join(", ", Objects.Keys)}");
    }

    public void Put(string path, JsonObject document)
    {
        lock (_lock)
            Store(path, document);
    }

    /// <summary>Changes an object as somebody else would.</summary>
    public void Change(string path, Action<JsonObject> change)
    {
        lock (_lock)
        {
            var copy = (JsonObject)Get(path).DeepClone();
            change(copy);
            Store(path, copy);
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await Task.Yield();
        cancellationToken.ThrowIfCancellationRequested();
        if (Hang?.Invoke(request) == true)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        lock (_lock)
        {
            Requests.Add($"{request.Method} {request.RequestUri!.PathAndQuery}");
            return Intercept?.Invoke(request, body) ?? Answer(request, body);
        }
    }

    public static HttpResponseMessage Json(HttpStatusCode code, JsonNode body) =>
        new(code) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    public static HttpResponseMessage Failure(int code, string reason, string message, double? retryAfterSeconds = null)
    {
        var status = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Failure", ["message"] = message, ["reason"] = reason, ["code"] = code };
        var response = Json((HttpStatusCode)code, status);
        if (retryAfterSeconds is { } seconds)
            response.Headers.RetryAfter = new System.Net.Http.Headers.RetryConditionHeaderValue(TimeSpan.FromSeconds(seconds));
        return response;
    }

    private HttpResponseMessage Answer(HttpRequestMessage request, string body)
    {
        var path = request.RequestUri!.AbsolutePath.Trim('/');
        var query = request.RequestUri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => Uri.UnescapeDataString(p[1]));
        if (path == "version")
            return Json(HttpStatusCode.OK, new JsonObject { ["gitVersion"] = Version });
        if (path.EndsWith("/selfsubjectreviews", StringComparison.Ordinal))
            return Json(HttpStatusCode.Created, new JsonObject { ["status"] = new JsonObject { ["userInfo"] = new JsonObject { ["username"] = User, ["groups"] = new JsonArray("ops") } } });
        if (path.Contains("/proxy/", StringComparison.Ordinal))
            return AnswerProxy(request, path, body);
        if (path.EndsWith("/log", StringComparison.Ordinal))
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(Log(path.Split('/')[^2])) };

        var parts = path.Split('/').ToList();
        var start = parts[0] == "api" ? 2 : 3;
        if (parts.Count > start + 2 && parts[start] == "namespaces")
            start += 2;
        var plural = parts[start];
        var isItem = parts.Count > start + 1;
        if (!Kinds.TryGetValue(plural, out var kind))
            return Failure(404, "NotFound", "the server could not find the requested resource");
        var dryRun = query.GetValueOrDefault("dryRun") == "All";

        if (request.Method == HttpMethod.Get)
        {
            if (isItem)
                return Objects.TryGetValue(path, out var found) ? Json(HttpStatusCode.OK, found) : NotFound(plural, parts[^1]);
            var suffix = "/" + string.Join('/', parts.Skip(start));
            var items = Objects.Where(o => o.Key.StartsWith(string.Join('/', parts.Take(parts[0] == "api" ? 2 : 3)), StringComparison.Ordinal)
                && o.Key.Contains(suffix + "/", StringComparison.Ordinal) && o.Key.StartsWith(path[..^suffix.Length], StringComparison.Ordinal)
                && (parts.Contains("namespaces") && plural != "namespaces" ? o.Key.StartsWith(path + "/", StringComparison.Ordinal) : true))
                .Select(o => o.Value).Where(o => Matches(o, query.GetValueOrDefault("labelSelector")));
            return Json(HttpStatusCode.OK, new JsonObject
            {
                ["kind"] = kind + "List", ["metadata"] = new JsonObject { ["resourceVersion"] = _revision.ToString() }, ["items"] = new JsonArray([.. items.Select(i => i.DeepClone())]),
            });
        }

        if (request.Method == HttpMethod.Post)
        {
            var document = (JsonObject)JsonNode.Parse(body)!;
            var metadata = (JsonObject)document["metadata"]!;
            if (metadata["name"] is null && metadata["generateName"] is { } prefix)
                metadata["name"] = $"{prefix}{++_revision:x5}";
            var key = $"{path}/{document["metadata"]!["name"]}";
            if (Objects.ContainsKey(key))
                return Failure(409, "AlreadyExists", $"{plural} \"{document["metadata"]!["name"]}\" already exists");
            return Json(HttpStatusCode.Created, Store(key, document));
        }

        if (request.Method == HttpMethod.Delete)
        {
            if (!Objects.Remove(path))
                return NotFound(plural, parts[^1]);
            return Json(HttpStatusCode.OK, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["status"] = "Success" });
        }

        if (request.Method == HttpMethod.Put)
        {
            var document = (JsonObject)JsonNode.Parse(body)!;
            return Stale(path, document) ?? Json(HttpStatusCode.OK, Store(path, document));
        }

        // PATCH
        var patch = (JsonObject)JsonNode.Parse(body)!;
        var apply = request.Content!.Headers.ContentType!.MediaType == "application/apply-patch+yaml";
        if (apply && parts.Contains("namespaces") && plural != "namespaces" && !Objects.ContainsKey($"api/v1/namespaces/{parts[parts.IndexOf("namespaces") + 1]}"))
            return NotFound("namespaces", parts[parts.IndexOf("namespaces") + 1]);
        var isNew = !Objects.TryGetValue(path, out var before);
        if (isNew && !apply)
            return NotFound(plural, parts[^1]);
        if (!apply && Stale(path, patch) is { } stale)
            return stale;
        var merged = isNew ? new JsonObject() : (JsonObject)before!.DeepClone();
        Merge(merged, patch, removeNull: !apply);
        if (apply)
            Own(merged, patch, query.GetValueOrDefault("fieldManager") ?? "?");
        return Json(isNew ? HttpStatusCode.Created : HttpStatusCode.OK, dryRun ? Normalize(path, merged) : Store(path, merged));
    }

    private HttpResponseMessage AnswerProxy(HttpRequestMessage request, string path, string body)
    {
        var parts = path.Split('/');
        var target = parts[5].Split(':');
        var rest = path[(path.IndexOf("/proxy/", StringComparison.Ordinal) + 6)..] + request.RequestUri!.Query;
        var key = request.Headers.TryGetValues("X-Dwcp-Key", out var keys) ? keys.First() : null;
        if (Proxy is null)
            return Failure(503, "ServiceUnavailable", "error trying to reach service: dial tcp: connection refused");
        var (status, text) = Proxy(target[0], target[1], $"{request.Method} {rest}", key, body);
        return status < 0
            ? Failure(503, "ServiceUnavailable", text)
            : new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(text) };
    }

    private HttpResponseMessage? Stale(string path, JsonObject patch) =>
        patch["metadata"]?["resourceVersion"]?.ToString() is { } wanted && Objects.TryGetValue(path, out var live) && live["metadata"]!["resourceVersion"]!.ToString() != wanted
            ? Failure(409, "Conflict", "the object has been modified; please apply your changes to the latest version and try again")
            : null;

    private static HttpResponseMessage NotFound(string plural, string name) => Failure(404, "NotFound", $"{plural} \"{name}\" not found");

    private JsonObject Store(string path, JsonObject document)
    {
        document = Normalize(path, (JsonObject)document.DeepClone());
        var metadata = (JsonObject)document["metadata"]!;
        if (Objects.TryGetValue(path, out var before) && JsonNode.DeepEquals(before, document))
            return before;
        metadata["resourceVersion"] = (++_revision).ToString();
        Objects[path] = document;
        if (document["kind"]?.ToString() == "Deployment")
            Reconcile(path, document);
        if (document["kind"]?.ToString() == "CustomResourceDefinition")
            document["status"] = new JsonObject { ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Established", ["status"] = "True" }) };
        if (document["kind"]?.ToString() == "Namespace")
            document["status"] = new JsonObject { ["phase"] = "Active" };
        if (document["kind"]?.ToString() == "PersistentVolumeClaim")
            document["status"] = new JsonObject { ["phase"] = "Bound" };
        return document;
    }

    private static JsonObject Normalize(string path, JsonObject document)
    {
        var metadata = (JsonObject)document["metadata"]!;
        metadata["uid"] ??= "uid-" + path.Replace('/', '-');
        if (document["kind"]?.ToString() == "Deployment")
        {
            metadata["generation"] ??= 1;
            document["spec"]!["replicas"] ??= 1;
        }

        if (document["kind"]?.ToString() == "Service")
            document["spec"]!["clusterIP"] ??= "10.0.0.7";
        return document;
    }

    /// <summary>What controllers and kubelet do, at once.</summary>
    private void Reconcile(string path, JsonObject deployment)
    {
        var space = path.Split('/')[4];
        var name = deployment["metadata"]!["name"]!.ToString();
        var replicas = deployment["spec"]!["replicas"]!.GetValue<int>();
        foreach (var old in Objects.Keys.Where(k => k.StartsWith($"api/v1/namespaces/{space}/pods/{name}-pod-", StringComparison.Ordinal)).ToList())
        {
            if (Lingers && old.EndsWith("-0", StringComparison.Ordinal) && Objects[old].DeepClone() is JsonObject lingering)
            {
                lingering["metadata"]!["name"] = $"{name}-old";
                lingering["metadata"]!["deletionTimestamp"] = "2026-05-01T12:00:00Z";
                Objects[$"api/v1/namespaces/{space}/pods/{name}-old"] = lingering;
            }

            Objects.Remove(old);
        }

        var ready = 0;
        for (var i = 0; i < replicas; i++)
        {
            var template = deployment["spec"]!["template"]!.DeepClone();
            var pod = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["metadata"] = template["metadata"]!.DeepClone(),
                ["spec"] = template["spec"]!.DeepClone(),
                ["status"] = new JsonObject
                {
                    ["phase"] = "Running",
                    ["podIP"] = $"10.1.0.{i}",
                    ["conditions"] = new JsonArray(new JsonObject { ["type"] = "Ready", ["status"] = "True" }),
                    ["containerStatuses"] = new JsonArray(new JsonObject
                    {
                        ["name"] = template["spec"]!["containers"]![0]!["name"]!.ToString(), ["ready"] = true, ["restartCount"] = 0,
                        ["state"] = new JsonObject { ["running"] = new JsonObject() },
                        ["imageID"] = $"{template["spec"]!["containers"]![0]!["image"]}@sha256:{new string('a', 64)}",
                    }),
                },
            };
            pod["metadata"]!["name"] = $"{name}-pod-{i}";
            pod["metadata"]!["namespace"] = space;
            pod["metadata"]!["uid"] = $"uid-{name}-{i}-{++_revision}";
            pod["metadata"]!["resourceVersion"] = (++_revision).ToString();
            ShapePod?.Invoke(pod);
            Objects[$"api/v1/namespaces/{space}/pods/{name}-pod-{i}"] = pod;
            ready += pod["status"]!["conditions"]![0]!["status"]!.ToString() == "True" ? 1 : 0;
        }

        deployment["status"] = new JsonObject
        {
            ["observedGeneration"] = deployment["metadata"]!["generation"]!.DeepClone(), ["replicas"] = replicas, ["updatedReplicas"] = replicas,
            ["readyReplicas"] = ready, ["availableReplicas"] = ready,
        };
        Objects[$"apis/discovery.k8s.io/v1/namespaces/{space}/endpointslices/{name}-slice"] = new JsonObject
        {
            ["apiVersion"] = "discovery.k8s.io/v1",
            ["kind"] = "EndpointSlice",
            ["metadata"] = new JsonObject { ["name"] = $"{name}-slice", ["namespace"] = space, ["labels"] = new JsonObject { ["kubernetes.io/service-name"] = name } },
            ["endpoints"] = new JsonArray([.. Enumerable.Range(0, ready).Select(i => new JsonObject { ["addresses"] = new JsonArray($"10.1.0.{i}"), ["conditions"] = new JsonObject { ["ready"] = true } })]),
        };
    }

    private static void Merge(JsonObject target, JsonObject patch, bool removeNull)
    {
        foreach (var (key, value) in patch)
        {
            if (value is null && removeNull)
                target.Remove(key);
            else if (value is JsonObject map && target[key] is JsonObject existing)
                Merge(existing, map, removeNull);
            else
                target[key] = value?.DeepClone();
        }
    }

    /// <summary>Who applied which fields, with lists as a whole.</summary>
    private static void Own(JsonObject merged, JsonObject applied, string manager)
    {
        var metadata = (JsonObject)merged["metadata"]!;
        var others = (metadata["managedFields"] as JsonArray ?? []).Where(e => e!["manager"]!.ToString() != manager).Select(e => e!.DeepClone());
        metadata["managedFields"] = new JsonArray([.. others, new JsonObject { ["manager"] = manager, ["operation"] = "Apply", ["fieldsType"] = "FieldsV1", ["fieldsV1"] = Fields(applied, "") }]);

        static JsonObject Fields(JsonObject map, string path) => new(map.Where(p => (path, p.Key) is not ("", "apiVersion" or "kind") and not ("/metadata", "name" or "namespace" or "managedFields"))
            .Select(p => KeyValuePair.Create("f:" + p.Key, (JsonNode?)(p.Value is JsonObject { Count: > 0 } inner ? Fields(inner, $"{path}/{p.Key}") : new JsonObject()))));
    }

    private static bool Matches(JsonObject item, string? selector) =>
        selector is null || selector.Split(',').All(p => p.Split('=', 2) is [var key, var value] && item["metadata"]?["labels"]?[key]?.ToString() == value);
}
