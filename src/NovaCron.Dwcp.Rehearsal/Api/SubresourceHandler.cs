using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Patches;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>The subresources scale, log, eviction, token and finalize.</summary>
internal sealed class SubresourceHandler(ApiContext api, DeleteHandler deletions)
{
    private const long DefaultTokenSeconds = 3600;
    private const long MinTokenSeconds = 600;

    public async Task ScaleAsync(ApiRequest request, ResourceType type, ScalePaths paths)
    {
        var (ns, name) = (request.Path.Namespace, request.Path.Name);
        var live = api.Store.Get(type, ns, name) ?? throw ApiStatusException.NotFound(type, name);
        if (request.Verb != "get")
        {
            var scale = ScaleOf(live, paths);
            var body = await request.ReadDocumentAsync().ConfigureAwait(false);
            var media = (request.Http.Request.ContentType ?? "").Split(';', 2)[0];
            switch (body)
            {
                case JsonArray operations when media == "application/json-patch+json":
                    scale = JsonPatch.Apply(scale, operations);
                    break;
                case JsonObject patch when request.Verb == "patch":
                    MergePatch.Apply(scale, patch);
                    break;
                case JsonObject whole:
                    scale = whole;
                    break;
                default:
                    throw ApiStatusException.BadRequest("the body must be a Scale");
            }
            var replicas = (scale.At("spec.replicas") as JsonValue).AsInteger() ?? 0;
            if (replicas is < 0 or > int.MaxValue)
            {
                throw ApiStatusException.Invalid(
                    new("autoscaling", "v1", "scales", "Scale", true), name,
                    [new("FieldValueInvalid", $"Invalid value: {replicas}: must be greater than or equal to 0", "spec.replicas")]);
            }
            live = Write(request, type, paths, live, scale, (int)replicas);
        }
        await Responses.WriteAsync(request.Http, 200, ScaleOf(live, paths)).ConfigureAwait(false);
    }

    public async Task LogAsync(ApiRequest request)
    {
        var (ns, name) = (request.Path.Namespace, request.Path.Name);
        var pod = api.Store.Get(ResourceTypes.Pods, ns, name) ?? throw ApiStatusException.NotFound(ResourceTypes.Pods, name);
        var container = LogContainer(request, pod, name);
        if (api.Pods is null)
        {
            throw new ApiStatusException(503, "ServiceUnavailable", "no kubelet serves the logs of this cluster");
        }
        var since = request.Number("sinceSeconds") is { } seconds
            ? api.Store.Clock.GetUtcNow().AddSeconds(-seconds)
            : request.Query("sinceTime") is { Length: > 0 } text
                ? DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                    ? time
                    : throw ApiStatusException.BadRequest($"invalid sinceTime \"{text}\"")
                : (DateTimeOffset?)null;
        var asked = new PodLogRequest(ns, name, container)
        {
            Previous = request.Flag("previous"), Follow = request.Flag("follow"), TailLines = request.Number("tailLines"), Since = since,
        };
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(request.Aborted, api.Stopping);
        try
        {
            await SendLogAsync(request, asked, api.Pods, ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The client has gone or the server ends.
        }
    }

    public async Task EvictAsync(ApiRequest request)
    {
        var (ns, name) = (request.Path.Namespace, request.Path.Name);
        var body = await request.ReadDocumentAsync().ConfigureAwait(false) as JsonObject ?? [];
        var options = DeleteHandler.Options(request, body["deleteOptions"] as JsonObject ?? []);
        var pod = api.Store.Get(ResourceTypes.Pods, ns, name) ?? throw ApiStatusException.NotFound(ResourceTypes.Pods, name);
        var running = (pod["status"] as JsonObject)?.Text("phase") is not ("Pending" or "Succeeded" or "Failed") && !pod.IsDeleting();
        if (running)
        {
            ChargeDisruption(ns, pod, options.DryRun);
        }
        deletions.Delete(request, ResourceTypes.Pods, ns, name, options);
        await Responses.WriteAsync(request.Http, 201, new JsonObject
        {
            ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201,
        }).ConfigureAwait(false);
    }

    public async Task TokenAsync(ApiRequest request)
    {
        var body = await request.ReadDocumentAsync().ConfigureAwait(false) as JsonObject ?? [];
        var spec = body.Child("spec");
        var seconds = spec.Integer("expirationSeconds") ?? DefaultTokenSeconds;
        if (seconds is < MinTokenSeconds or > 1L << 32)
        {
            throw ApiStatusException.Invalid(
                new("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest", true), "",
                [new("FieldValueInvalid", $"Invalid value: {seconds}: may not specify a duration less than 10 minutes", "spec.expirationSeconds")]);
        }
        var pod = spec.At("boundObjectRef.kind")?.ToString() == "Pod" ? spec.At("boundObjectRef.name")?.ToString() : null;
        var token = api.Tokens.IssueForServiceAccount(
            request.Path.Namespace, request.Path.Name, TimeSpan.FromSeconds(seconds), [.. spec["audiences"].Texts()], pod);
        spec["audiences"] ??= new JsonArray(TokenAuthority.ApiAudience);
        spec["expirationSeconds"] = seconds;
        await Responses.WriteAsync(request.Http, 201, new JsonObject
        {
            ["kind"] = "TokenRequest",
            ["apiVersion"] = "authentication.k8s.io/v1",
            ["metadata"] = new JsonObject { ["name"] = request.Path.Name, ["namespace"] = request.Path.Namespace },
            ["spec"] = spec.DeepClone(),
            ["status"] = new JsonObject { ["token"] = token.Token, ["expirationTimestamp"] = JsonDocuments.Timestamp(token.Expires) },
        }).ConfigureAwait(false);
    }

    public async Task FinalizeNamespaceAsync(ApiRequest request)
    {
        var body = await request.ReadDocumentAsync().ConfigureAwait(false) as JsonObject ?? throw ApiStatusException.BadRequest("the body must be a Namespace");
        var live = api.Store.Get(ResourceTypes.Namespaces, null, request.Path.Name) ?? throw ApiStatusException.NotFound(ResourceTypes.Namespaces, request.Path.Name);
        live.Child("spec")["finalizers"] = (body["spec"] as JsonObject)?["finalizers"]?.DeepClone() ?? new JsonArray();
        await Responses.WriteAsync(request.Http, 200, api.Store.Update(ResourceTypes.Namespaces, live, request.DryRun)).ConfigureAwait(false);
    }

    private JsonObject Write(ApiRequest request, ResourceType type, ScalePaths paths, JsonObject live, JsonObject scale, int replicas)
    {
        var asked = scale.ResourceVersion();
        while (true)
        {
            var before = (JsonObject)live.DeepClone();
            live.SetAt(paths.SpecReplicas, replicas);
            if (asked.Length > 0 && request.Verb == "update")
            {
                live.Metadata()["resourceVersion"] = asked;
            }
            var manager = new FieldManager(request.FieldManagerName, FieldManager.Update, type.ApiVersion, "scale");
            FieldOwnership.Of(type, api.Schemas.Find(type), before, api.Store.Clock.GetUtcNow(), false).RecordUpdate(manager, before, live);
            try
            {
                return api.Store.Update(type, live, request.DryRun);
            }
            catch (ApiStatusException e) when (e.Reason == "Conflict" && (asked.Length == 0 || request.Verb == "patch"))
            {
                live = api.Store.Get(type, request.Path.Namespace, request.Path.Name) ?? throw ApiStatusException.NotFound(type, request.Path.Name);
            }
        }
    }

    private static JsonObject ScaleOf(JsonObject document, ScalePaths paths)
    {
        var status = new JsonObject { ["replicas"] = (document.At(paths.StatusReplicas) as JsonValue).AsInteger() ?? 0 };
        if (paths.LabelSelector is { } at && document.At(at) is { } selector)
        {
            status["selector"] = selector is JsonObject labels ? LabelSelector.Of(labels).ToString() : selector.ToString();
        }
        var metadata = new JsonObject();
        foreach (var key in (string[])["name", "namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            metadata[key] = document.Metadata()[key]?.DeepClone();
        }
        return new()
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = (document.At(paths.SpecReplicas) as JsonValue).AsInteger() ?? 0 },
            ["status"] = status,
        };
    }

    private static string LogContainer(ApiRequest request, JsonObject pod, string name)
    {
        var inits = pod.At("spec.initContainers").Objects().Select(static c => c.Text("name") ?? "").ToList();
        var mains = pod.At("spec.containers").Objects().Select(static c => c.Text("name") ?? "").ToList();
        var asked = request.Query("container");
        if (string.IsNullOrEmpty(asked))
        {
            return mains.Count == 1 ? mains[0] : throw ApiStatusException.BadRequest(
                $"a container name must be specified for pod {name}, choose one of: [{string.Join(' ', mains)}]"
                + (inits.Count > 0 ? $" or one of the init containers: [{string.Join(' ', inits)}]" : ""));
        }
        return mains.Contains(asked) || inits.Contains(asked) ? asked : throw ApiStatusException.BadRequest($"container {asked} is not valid for pod {name}");
    }

    private static async Task SendLogAsync(ApiRequest request, PodLogRequest asked, IPodRuntime pods, CancellationToken cancellationToken)
    {
        var (timestamps, limit) = (request.Flag("timestamps"), request.Number("limitBytes") ?? long.MaxValue);
        var response = request.Http.Response;
        await using var lines = pods.ReadLogAsync(asked, cancellationToken).GetAsyncEnumerator(cancellationToken);
        // The first line is asked for before the answer begins, so that a container without a log is a proper refusal.
        var next = lines.MoveNextAsync().AsTask();
        if (!asked.Follow || next.IsCompleted)
        {
            await next.ConfigureAwait(false);
        }
        response.ContentType = "text/plain";
        await response.StartAsync(cancellationToken).ConfigureAwait(false);
        await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
        while (await next.ConfigureAwait(false))
        {
            var (time, text) = lines.Current;
            var line = Encoding.UTF8.GetBytes((timestamps ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z '", CultureInfo.InvariantCulture) : "") + text + "\n");
            var length = (int)Math.Min(line.Length, limit);
            await response.Body.WriteAsync(line.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            limit -= length;
            if (limit <= 0)
            {
                return;
            }
            next = lines.MoveNextAsync().AsTask();
            if (!next.IsCompleted)
            {
                await response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // Takes one disruption from the budget that covers the pod, or refuses the eviction.
    private void ChargeDisruption(string ns, JsonObject pod, bool dryRun)
    {
        var budgets = api.Store.List(ResourceTypes.PodDisruptionBudgets, ns)
            .Where(b => LabelSelector.Of(b.At("spec.selector") as JsonObject).Matches(pod)).ToList();
        if (budgets.Count > 1)
        {
            throw new ApiStatusException(
                500, "InternalError", "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }
        if (budgets is not [var budget])
        {
            return;
        }
        var refused = false;
        var unobserved = false;
        api.Store.Modify(ResourceTypes.PodDisruptionBudgets, ns, budget.Name(), current =>
        {
            var status = current.Child("status");
            unobserved = (status.Integer("observedGeneration") ?? 0) < (current.Metadata().Integer("generation") ?? 0);
            refused = unobserved || (status.Integer("disruptionsAllowed") ?? 0) <= 0;
            if (refused || dryRun)
            {
                return false;
            }
            status["disruptionsAllowed"] = status.Integer("disruptionsAllowed") - 1;
            status.Child("disruptedPods")[pod.Name()] = JsonDocuments.Timestamp(api.Store.Clock.GetUtcNow());
            return true;
        }, status: true);
        if (refused)
        {
            var status = budget.Child("status");
            throw new ApiStatusException(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.")
            {
                Causes =
                [
                    new("DisruptionBudget",
                        $"The disruption budget {budget.Name()} needs {status.Integer("desiredHealthy") ?? 0} healthy pods and has {status.Integer("currentHealthy") ?? 0} currently", null),
                ],
                // Only a budget that the controller has not seen yet is worth waiting for: with a time to come back, client-go retries by itself and
                // 'kubectl drain --timeout' never gets to see the refusal (registry/core/pod/storage/eviction.go).
                RetryAfterSeconds = unobserved ? 10 : 0,
            };
        }
    }
}
