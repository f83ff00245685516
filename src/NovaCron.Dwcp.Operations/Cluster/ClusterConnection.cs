using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s;
using k8s.Models;

namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>
/// A connection to one Kubernetes API server. Needs no kubectl. Every failure is a <see cref="DwcpClusterException"/> that names the
/// object and the remedy; what may safely be repeated (throttled, or idempotent and failed on the server's side) is repeated first.
/// Safe for concurrent use.
/// </summary>
public sealed class ClusterConnection : IDisposable
{
    /// <summary>The field manager of everything that this product applies.</summary>
    public const string DefaultFieldManager = "novacron-dwcp";

    private const int WatchSeconds = 240;

    /// <summary>Objects in one answer to a list, as kubectl asks.</summary>
    private const int PageSize = 500;

    /// <summary>The same for who keeps little of each: a page is several times its bytes while it is read, and a thousand pods are ten questions.</summary>
    private const int SmallPageSize = 100;

    private readonly ClusterTransport _transport;
    private readonly KubernetesClientConfiguration _configuration;
    private readonly TimeProvider _time;
    private readonly Lazy<IKubernetes> _client;
    private readonly Dictionary<(string ApiVersion, string Kind), ClusterResource> _resources;
    private readonly SemaphoreSlim _discovery = new(1, 1);
    private readonly string _fieldManager;
    private readonly List<PodForward> _forwards = [];
    private readonly ConcurrentDictionary<string, bool> _proxyReaches = new(StringComparer.Ordinal);

    private ClusterConnection(
        KubernetesClientConfiguration configuration, string context, ClusterConnectionOptions options, HttpMessageHandler handler, TimeProvider time)
    {
        _configuration = configuration;
        _time = time;
        _fieldManager = options.FieldManager;
        _transport = new ClusterTransport(configuration, options, handler, time);
        _client = new Lazy<IKubernetes>(() => new Kubernetes(configuration));
        _resources = ClusterResource.WellKnown.ToDictionary(r => (r.ApiVersion, r.Kind));
        Context = context;
    }

    /// <summary>Reads the settings; sends nothing yet.</summary>
    /// <exception cref="DwcpClusterException">No usable settings (<see cref="ClusterFailure.Configuration"/>).</exception>
    public static ClusterConnection Open(ClusterConnectionOptions? options = null)
    {
        options ??= new ClusterConnectionOptions();
        var (configuration, source) = ClusterCredentials.Load(options);
        return new ClusterConnection(configuration, source, options, ClusterCredentials.CreateHandler(configuration), TimeProvider.System);
    }

    /// <summary>A connection over a given HTTP handler and clock.</summary>
    internal static ClusterConnection Open(ClusterConnectionOptions options, HttpMessageHandler handler, TimeProvider time)
    {
        var (configuration, source) = ClusterCredentials.Load(options);
        return new ClusterConnection(configuration, source, options, handler, time);
    }

    /// <summary>The API server's address, without credentials.</summary>
    public string Server => _transport.Server;

    /// <summary>The kubeconfig's context, <c>in-cluster</c>, or the server's address.</summary>
    public string Context { get; }

    /// <summary>The namespace that the kubeconfig or the pod is in, if it says one.</summary>
    public string? DefaultNamespace => string.IsNullOrEmpty(_configuration.Namespace) ? null : _configuration.Namespace;

    /// <summary>
    /// The typed client over the same settings, for calls that this class does not offer. It throws KubernetesClient's own exceptions;
    /// run them through <see cref="CallAsync{T}"/>.
    /// </summary>
    public IKubernetes Client => _client.Value;

    /// <summary>Runs a call of the typed client and turns its failures into <see cref="DwcpClusterException"/> about <paramref name="target"/>.</summary>
    public async Task<T> CallAsync<T>(string target, Func<IKubernetes, CancellationToken, Task<T>> call, CancellationToken cancellationToken = default)
    {
        try
        {
            return await call(Client, cancellationToken).ConfigureAwait(false);
        }
        catch (k8s.Autorest.HttpOperationException e)
        {
            using var response = new HttpResponseMessage(e.Response.StatusCode);
            throw ClusterErrors.FromResponse(target, response, Encoding.UTF8.GetBytes(e.Response.Content ?? "")).Exception;
        }
        catch (HttpRequestException e)
        {
            throw ClusterErrors.Unreachable(target, Server, e);
        }
    }

    /// <summary>Who the API server says we are.</summary>
    public async Task<ClusterIdentity> WhoAmIAsync(CancellationToken cancellationToken = default)
    {
        const string Target = "own identity (SelfSubjectReview)";
        var body = Encoding.UTF8.GetBytes("""{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}""");
        var request = new ClusterRequest(HttpMethod.Post, "apis/authentication.k8s.io/v1/selfsubjectreviews") { Body = body, Idempotent = true };
        var document = ClusterTransport.ParseObject((await _transport.SendAsync(request, Target, cancellationToken).ConfigureAwait(false)).Body, Target);
        var user = document["status"]?["userInfo"];
        var name = user?["username"]?.ToString();
        if (string.IsNullOrEmpty(name))
        {
            throw new DwcpClusterException(ClusterFailure.ServerError, Target, "the answer names no user",
                "Check that the cluster is 1.28 or newer.");
        }

        return new ClusterIdentity(name, [.. (user!["groups"] as JsonArray ?? []).Select(g => g!.ToString())]);
    }

    /// <summary>The server's version, for example <c>v1.36.0</c>.</summary>
    public async Task<string> GetVersionAsync(CancellationToken cancellationToken = default)
    {
        var target = $"API server {Server}";
        var (_, body) = await _transport.SendAsync(new ClusterRequest(HttpMethod.Get, "version"), target, cancellationToken).ConfigureAwait(false);
        return ClusterTransport.ParseObject(body, target)["gitVersion"]?.ToString()
            ?? throw new DwcpClusterException(ClusterFailure.ServerError, target, "does not tell its version", "Check that the address is a Kubernetes API server.");
    }

    /// <summary>The place of a kind, from what is known or by asking the server.</summary>
    /// <exception cref="DwcpClusterException">The cluster does not serve the kind.</exception>
    public async Task<ClusterResource> ResolveAsync(string apiVersion, string kind, CancellationToken cancellationToken = default)
    {
        await _discovery.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_resources.TryGetValue((apiVersion, kind), out var known))
                return known;
            var target = $"{kind} ({apiVersion})";
            var slash = apiVersion.IndexOf('/');
            var request = new ClusterRequest(HttpMethod.Get, slash < 0 ? $"api/{apiVersion}" : $"apis/{apiVersion}");
            var (_, body) = await _transport.SendAsync(request, target, cancellationToken).ConfigureAwait(false);
            foreach (var entry in (ClusterTransport.ParseObject(body, target)["resources"] as JsonArray ?? []).OfType<JsonObject>())
            {
                var plural = entry["name"]!.ToString();
                if (plural.Contains('/'))
                    continue;
                var found = new ClusterResource(slash < 0 ? "" : apiVersion[..slash], apiVersion[(slash + 1)..], plural,
                    entry["kind"]!.ToString(), entry["namespaced"]!.GetValue<bool>());
                _resources[(apiVersion, found.Kind)] = found;
            }

            return _resources.TryGetValue((apiVersion, kind), out known)
                ? known
                : throw new DwcpClusterException(ClusterFailure.NotFound, target, "the cluster does not serve this kind",
                    "Install its CustomResourceDefinition, or correct apiVersion and kind.");
        }
        finally
        {
            _discovery.Release();
        }
    }

    /// <summary>Reads an object.</summary>
    /// <exception cref="DwcpClusterException">Also when it does not exist (<see cref="ClusterFailure.NotFound"/>).</exception>
    public async Task<JsonObject> GetAsync(ClusterResource resource, string? @namespace, string name, CancellationToken cancellationToken = default)
    {
        var (target, body) = await ReadAsync(resource, @namespace, name, cancellationToken).ConfigureAwait(false);
        return ClusterTransport.ParseObject(body, target);
    }

    /// <summary>Reads an object, or null if there is none of that name.</summary>
    public async Task<JsonObject?> FindAsync(ClusterResource resource, string? @namespace, string name, CancellationToken cancellationToken = default)
    {
        try
        {
            return await GetAsync(resource, @namespace, name, cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpClusterException e) when (e.Failure == ClusterFailure.NotFound)
        {
            return null;
        }
    }

    /// <summary>Reads a typed object (a KubernetesClient model, or a type of ours with <c>[KubernetesEntity]</c>).</summary>
    public async Task<T> GetAsync<T>(string? @namespace, string name, CancellationToken cancellationToken = default)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var (target, body) = await ReadAsync(ResourceOf<T>(), @namespace, name, cancellationToken).ConfigureAwait(false);
        return ClusterTransport.ParseTyped<T>(body, target);
    }

    /// <summary>Reads a typed object, or null if there is none of that name.</summary>
    public async Task<T?> FindAsync<T>(string? @namespace, string name, CancellationToken cancellationToken = default)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        try
        {
            return await GetAsync<T>(@namespace, name, cancellationToken).ConfigureAwait(false);
        }
        catch (DwcpClusterException e) when (e.Failure == ClusterFailure.NotFound)
        {
            return null;
        }
    }

    private async Task<(string Target, byte[] Body)> ReadAsync(ClusterResource resource, string? @namespace, string name, CancellationToken cancellationToken)
    {
        var target = resource.Describe(@namespace, name);
        var (_, body) = await _transport.SendAsync(new ClusterRequest(HttpMethod.Get, resource.Path(@namespace, name)), target, cancellationToken).ConfigureAwait(false);
        return (target, body);
    }

    /// <summary>All objects of a kind, in one namespace or (null) in all, read in pages.</summary>
    public async Task<IReadOnlyList<JsonObject>> ListAsync(
        ClusterResource resource, string? @namespace, string? labelSelector = null, string? fieldSelector = null, CancellationToken cancellationToken = default) =>
        (await ListWithVersionAsync(resource, @namespace, labelSelector, fieldSelector, cancellationToken).ConfigureAwait(false)).Items;

    /// <summary>All objects of a type, in one namespace or (null) in all.</summary>
    public async Task<IReadOnlyList<T>> ListAsync<T>(
        string? @namespace, string? labelSelector = null, string? fieldSelector = null, CancellationToken cancellationToken = default)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var items = new List<T>();
        await foreach (var page in ListPagesAsync(ResourceOf<T>(), @namespace, labelSelector, fieldSelector, PageSize, TypedPage<T>, cancellationToken).ConfigureAwait(false))
            items.AddRange(page.Items);
        return items;
    }

    /// <summary>The same one after another, for who keeps little of each: only one page of the list is in memory at a time.</summary>
    public async IAsyncEnumerable<T> EnumerateAsync<T>(
        string? @namespace, string? labelSelector = null, string? fieldSelector = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        await foreach (var page in ListPagesAsync(ResourceOf<T>(), @namespace, labelSelector, fieldSelector, SmallPageSize, TypedPage<T>, cancellationToken).ConfigureAwait(false))
            foreach (var item in page.Items)
                yield return item;
    }

    private async Task<(List<JsonObject> Items, string ResourceVersion)> ListWithVersionAsync(
        ClusterResource resource, string? @namespace, string? labelSelector, string? fieldSelector, CancellationToken cancellationToken)
    {
        var (items, version) = (new List<JsonObject>(), "");
        await foreach (var page in ListPagesAsync(resource, @namespace, labelSelector, fieldSelector, PageSize, UntypedPage, cancellationToken).ConfigureAwait(false))
        {
            items.AddRange(page.Items);
            version = page.Metadata?.ResourceVersion ?? "";
        }

        return (items, version);
    }

    private async IAsyncEnumerable<ListPage<T>> ListPagesAsync<T>(
        ClusterResource resource, string? @namespace, string? labelSelector, string? fieldSelector, int pageSize, Func<ClusterResource, byte[], string, ListPage<T>> parse,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var target = resource.Describe(@namespace, null);
        string? next = null;
        do
        {
            var path = Query(resource.Path(@namespace), ("labelSelector", labelSelector), ("fieldSelector", fieldSelector),
                ("limit", pageSize.ToString(CultureInfo.InvariantCulture)), ("continue", next));
            var (_, body) = await _transport.SendAsync(new ClusterRequest(HttpMethod.Get, path), target, cancellationToken).ConfigureAwait(false);
            var page = parse(resource, body, target);
            yield return page;
            next = page.Metadata?.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));
    }

    // A list's items leave out what the list itself says: apiVersion and kind.
    private static ListPage<T> TypedPage<T>(ClusterResource resource, byte[] body, string target)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var page = ClusterTransport.ParseTyped<ListPage<T>>(body, target);
        foreach (var item in page.Items)
            (item.ApiVersion, item.Kind) = (resource.ApiVersion, resource.Kind);
        return page;
    }

    private static ListPage<JsonObject> UntypedPage(ClusterResource resource, byte[] body, string target)
    {
        var page = ClusterTransport.ParseObject(body, target);
        var listed = page["items"] as JsonArray ?? [];
        List<JsonObject> items = [.. listed.OfType<JsonObject>()];
        // They leave the list whole instead of being copied out of it.
        listed.Clear();
        foreach (var item in items)
        {
            item["apiVersion"] ??= resource.ApiVersion;
            item["kind"] ??= resource.Kind;
        }

        var metadata = page["metadata"];
        return new ListPage<JsonObject>
        {
            Items = items, Metadata = new V1ListMeta { ContinueProperty = metadata?["continue"]?.ToString(), ResourceVersion = metadata?["resourceVersion"]?.ToString() },
        };
    }

    /// <summary>What every list of the API has.</summary>
    private sealed record ListPage<T>
    {
        [JsonPropertyName("metadata")]
        public V1ListMeta? Metadata { get; init; }

        [JsonPropertyName("items")]
        public List<T> Items { get => field ?? []; init; }
    }

    /// <summary>Creates an object of the kind that its <c>apiVersion</c> and <c>kind</c> say.</summary>
    public async Task<JsonObject> CreateAsync(JsonObject document, string? @namespace = null, CancellationToken cancellationToken = default)
    {
        var (resource, space, name) = await IdentifyAsync(document, @namespace, cancellationToken).ConfigureAwait(false);
        var target = resource.Describe(space, name);
        var path = Query(resource.Path(space), ("fieldManager", _fieldManager), ("fieldValidation", "Strict"));
        var (_, body) = await _transport.SendAsync(new ClusterRequest(HttpMethod.Post, path) { Body = Bytes(document) }, target, cancellationToken).ConfigureAwait(false);
        return ClusterTransport.ParseObject(body, target);
    }

    /// <summary>Creates a typed object.</summary>
    public async Task<T> CreateAsync<T>(T item, string? @namespace = null, CancellationToken cancellationToken = default)
        where T : IKubernetesObject<V1ObjectMeta> =>
        Typed<T>(await CreateAsync(Untyped(item), @namespace, cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Replaces an object. With <c>metadata.resourceVersion</c> the server refuses (<see cref="ClusterFailure.Conflict"/>) if it changed since.
    /// </summary>
    /// <param name="document">The whole object.</param>
    /// <param name="namespace">Where, if the document does not say.</param>
    /// <param name="subresource"><c>status</c> to write only that.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<JsonObject> ReplaceAsync(
        JsonObject document, string? @namespace = null, string? subresource = null, CancellationToken cancellationToken = default)
    {
        var (target, body) = await PutAsync(document, @namespace, subresource, cancellationToken).ConfigureAwait(false);
        return ClusterTransport.ParseObject(body, target);
    }

    /// <summary>Replaces a typed object.</summary>
    public async Task<T> ReplaceAsync<T>(T item, string? @namespace = null, string? subresource = null, CancellationToken cancellationToken = default)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        var (target, body) = await PutAsync(Untyped(item), @namespace, subresource, cancellationToken).ConfigureAwait(false);
        return ClusterTransport.ParseTyped<T>(body, target);
    }

    private async Task<(string Target, byte[] Body)> PutAsync(JsonObject document, string? @namespace, string? subresource, CancellationToken cancellationToken)
    {
        var (resource, space, name) = await IdentifyAsync(document, @namespace, cancellationToken).ConfigureAwait(false);
        var target = resource.Describe(space, name);
        var path = Query(resource.Path(space, name, subresource), ("fieldManager", _fieldManager), ("fieldValidation", "Strict"));
        var (_, body) = await _transport.SendAsync(new ClusterRequest(HttpMethod.Put, path) { Body = Bytes(document) }, target, cancellationToken).ConfigureAwait(false);
        return (target, body);
    }

    /// <summary>
    /// Applies a JSON merge patch (RFC 7396). Repeated on server failures unless it carries a resourceVersion, whose second try could only conflict.
    /// </summary>
    public async Task<JsonObject> PatchAsync(
        ClusterResource resource, string? @namespace, string name, JsonObject mergePatch, string? subresource = null, string? fieldManager = null,
        CancellationToken cancellationToken = default)
    {
        var target = resource.Describe(@namespace, name);
        var path = Query(resource.Path(@namespace, name, subresource), ("fieldManager", fieldManager ?? _fieldManager), ("fieldValidation", "Strict"));
        var request = new ClusterRequest(HttpMethod.Patch, path)
        {
            Body = Bytes(mergePatch),
            ContentType = "application/merge-patch+json",
            Idempotent = mergePatch["metadata"]?["resourceVersion"] is null,
        };
        return ClusterTransport.ParseObject((await _transport.SendAsync(request, target, cancellationToken).ConfigureAwait(false)).Body, target);
    }

    /// <summary>Deletes an object; one that is gone already is no error.</summary>
    /// <param name="resource">Its kind.</param>
    /// <param name="namespace">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="gracePeriod">Overrides the object's own; zero kills a pod at once.</param>
    /// <param name="uid">Delete only this very object, not a successor of the same name.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    /// <returns>False if there was nothing to delete.</returns>
    public async Task<bool> DeleteAsync(
        ClusterResource resource, string? @namespace, string name, TimeSpan? gracePeriod = null, string? uid = null, CancellationToken cancellationToken = default)
    {
        var options = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "DeleteOptions", ["propagationPolicy"] = "Background" };
        if (gracePeriod is { } grace)
            options["gracePeriodSeconds"] = (long)grace.TotalSeconds;
        if (uid is not null)
            options["preconditions"] = new JsonObject { ["uid"] = uid };
        try
        {
            var request = new ClusterRequest(HttpMethod.Delete, resource.Path(@namespace, name)) { Body = Bytes(options), Idempotent = true };
            await _transport.SendAsync(request, resource.Describe(@namespace, name), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (DwcpClusterException e) when (e.Failure == ClusterFailure.NotFound)
        {
            return false;
        }
    }

    /// <summary>
    /// Server-side apply: the server merges, validates strictly (unknown fields are errors) and tracks which fields are ours.
    /// Applying the same document twice changes nothing.
    /// </summary>
    /// <param name="document">A full document with apiVersion, kind and metadata.name.</param>
    /// <param name="namespace">Where, if the document does not say.</param>
    /// <param name="options">Dry run, force, field manager.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<ApplyResult> ApplyAsync(
        JsonObject document, string? @namespace = null, ApplyOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new ApplyOptions();
        var (resource, space, name) = await IdentifyAsync(document, @namespace, cancellationToken).ConfigureAwait(false);
        var target = resource.Describe(space, name);
        var before = await FindAsync(resource, space, name, cancellationToken).ConfigureAwait(false);
        var path = Query(resource.Path(space, name), ("fieldManager", options.FieldManager ?? _fieldManager), ("fieldValidation", "Strict"),
            ("force", options.Force ? "true" : "false"), ("dryRun", options.DryRun ? "All" : null));
        var request = new ClusterRequest(HttpMethod.Patch, path)
        {
            Body = Bytes(document),
            ContentType = "application/apply-patch+yaml",
            Idempotent = true,
        };
        var (_, body) = await _transport.SendAsync(request, target, cancellationToken).ConfigureAwait(false);
        var after = ClusterTransport.ParseObject(body, target);
        var changes = DocumentDiff.Compare(before, after);
        var outcome = before is null ? ApplyOutcome.Created : changes.Count > 0 ? ApplyOutcome.Changed : ApplyOutcome.Unchanged;
        return new ApplyResult(resource, space, name, outcome, after, changes);
    }

    /// <summary>
    /// The objects of a kind as they are (each as <see cref="WatchChange.Added"/>), then every change, for as long as the caller reads.
    /// Ends of the stream, expired versions (410) and short failures are bridged by watching or listing again; an object deleted in
    /// between is reported as deleted, one seen unchanged is not reported twice.
    /// </summary>
    /// <exception cref="DwcpClusterException">The server kept failing through the configured attempts, or refused.</exception>
    public async IAsyncEnumerable<WatchedObject<JsonObject>> WatchAsync(
        ClusterResource resource, string? @namespace, string? labelSelector = null, string? fieldSelector = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var target = resource.Describe(@namespace, null);
        var known = new Dictionary<string, JsonObject>();
        string? version = null;
        var failures = 0;
        while (true)
        {
            if (version is null)
            {
                var (items, listed) = await ListWithVersionAsync(resource, @namespace, labelSelector, fieldSelector, cancellationToken).ConfigureAwait(false);
                version = listed;
                var now = items.ToDictionary(Key);
                foreach (var (key, gone) in known.Where(k => !now.ContainsKey(k.Key)).ToList())
                {
                    known.Remove(key);
                    yield return new WatchedObject<JsonObject>(WatchChange.Deleted, gone);
                }

                foreach (var (key, item) in now)
                {
                    var old = known.GetValueOrDefault(key);
                    known[key] = item;
                    if (old is null || Version(old) != Version(item))
                        yield return new WatchedObject<JsonObject>(old is null ? WatchChange.Added : WatchChange.Modified, item);
                }
            }

            var path = Query(resource.Path(@namespace), ("labelSelector", labelSelector), ("fieldSelector", fieldSelector), ("watch", "true"),
                ("allowWatchBookmarks", "true"), ("resourceVersion", version), ("timeoutSeconds", WatchSeconds.ToString(CultureInfo.InvariantCulture)));
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(WatchSeconds + 15), _time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            HttpResponseMessage? response = null;
            StreamReader? reader = null;
            try
            {
                while (true)
                {
                    string? line;
                    try
                    {
                        if (reader is null)
                        {
                            response = await _transport.OpenAsync(new ClusterRequest(HttpMethod.Get, path), target, linked.Token).ConfigureAwait(false);
                            if (!response.IsSuccessStatusCode)
                            {
                                var body = await response.Content.ReadAsByteArrayAsync(linked.Token).ConfigureAwait(false);
                                throw ClusterErrors.FromResponse(target, response, body).Exception;
                            }

                            reader = new StreamReader(await response.Content.ReadAsStreamAsync(linked.Token).ConfigureAwait(false));
                        }

                        line = await reader.ReadLineAsync(linked.Token).ConfigureAwait(false);
                    }
                    catch (DwcpClusterException e) when (e.Failure == ClusterFailure.Expired)
                    {
                        version = null;
                        break;
                    }
                    catch (DwcpClusterException e) when (
                        e.Failure is ClusterFailure.Unreachable or ClusterFailure.Timeout or ClusterFailure.Throttled or ClusterFailure.ServerError && ++failures < 6)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(100 * (1 << failures)), _time, cancellationToken).ConfigureAwait(false);
                        break;
                    }
                    catch (Exception e) when (e is IOException or HttpRequestException && !cancellationToken.IsCancellationRequested && ++failures < 6)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(100 * (1 << failures)), _time, cancellationToken).ConfigureAwait(false);
                        break;
                    }
                    catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
                    {
                        break;
                    }

                    if (line is null)
                        break;
                    if (line.Length == 0)
                        continue;
                    failures = 0;
                    var change = ClusterTransport.ParseObject(Encoding.UTF8.GetBytes(line), target);
                    var type = change["type"]?.ToString();
                    var item = change["object"]?.DeepClone() as JsonObject;
                    if (type == "ERROR")
                    {
                        // 410 Gone inside the stream; whatever else it is, a fresh list finds out.
                        version = null;
                        break;
                    }

                    if (item is null)
                        continue;
                    version = Version(item) ?? version;
                    var key = type == "BOOKMARK" ? null : Key(item);
                    switch (type)
                    {
                        case "DELETED":
                            known.Remove(key!);
                            yield return new WatchedObject<JsonObject>(WatchChange.Deleted, item);
                            break;
                        case "ADDED" or "MODIFIED":
                            var isNew = !known.ContainsKey(key!);
                            known[key!] = item;
                            yield return new WatchedObject<JsonObject>(isNew ? WatchChange.Added : WatchChange.Modified, item);
                            break;
                    }
                }
            }
            finally
            {
                reader?.Dispose();
                response?.Dispose();
            }

            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>As the other overload, typed.</summary>
    public async IAsyncEnumerable<WatchedObject<T>> WatchAsync<T>(
        string? @namespace, string? labelSelector = null, string? fieldSelector = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : IKubernetesObject<V1ObjectMeta>
    {
        await foreach (var item in WatchAsync(ResourceOf<T>(), @namespace, labelSelector, fieldSelector, cancellationToken).ConfigureAwait(false))
            yield return new WatchedObject<T>(item.Change, Typed<T>(item.Object));
    }

    /// <summary>
    /// HTTP to a pod's port through the API server's proxy, or, where that cannot reach pods (a NetworkPolicy, a missing permission), through a
    /// port-forward. What the pod answers is returned whatever its status; that neither way reached the pod is an exception. Never sent to the pod twice.
    /// </summary>
    public Task<PodResponse> SendToPodAsync(
        string @namespace, string pod, int port, HttpMethod method, string path, IReadOnlyDictionary<string, string>? headers = null, byte[]? body = null,
        string contentType = "application/json", TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ReachPodAsync(@namespace, pod, port, method, path, headers, body, contentType, timeout ?? TimeSpan.FromSeconds(10), cancellationToken);

    /// <summary>HTTP to a Service's port (by name or number) through the API server's proxy; see <see cref="SendToPodAsync"/>.</summary>
    public Task<PodResponse> SendToServiceAsync(
        string @namespace, string service, string port, HttpMethod method, string path, IReadOnlyDictionary<string, string>? headers = null, byte[]? body = null,
        string contentType = "application/json", TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        ProxyAsync(@namespace, "service", service, port, method, path, headers, body, contentType, timeout, cancellationToken);

    private async Task<PodResponse> ReachPodAsync(
        string @namespace, string pod, int port, HttpMethod method, string path, IReadOnlyDictionary<string, string>? headers, byte[]? body,
        string contentType, TimeSpan timeout, CancellationToken cancellationToken)
    {
        DwcpClusterException? proxy = null;
        if (_proxyReaches.GetValueOrDefault(@namespace, true))
        {
            try
            {
                var answer = await ProxyAsync(@namespace, "pod", pod, port.ToString(CultureInfo.InvariantCulture), method, path, headers, body, contentType, timeout, cancellationToken)
                    .ConfigureAwait(false);
                _proxyReaches[@namespace] = true;
                return answer;
            }
            catch (DwcpClusterException e) when (NeverArrived(e) || (e.Failure == ClusterFailure.Timeout && method == HttpMethod.Get))
            {
                proxy = e;
            }
        }

        try
        {
            var answer = await ForwardAsync(@namespace, pod, port, method, path, headers, body, contentType, timeout, cancellationToken).ConfigureAwait(false);
            // The forward reaches a pod and the proxy none so far: it is kept out of this namespace, and asking it again would cost its timeout each time.
            // Had it reached one before, the pod was only slow.
            _proxyReaches.TryAdd(@namespace, false);
            return answer;
        }
        catch (DwcpClusterException) when (proxy is not null)
        {
            // Neither way works: the pod is the reason, and the proxy said it better.
            throw proxy;
        }
    }

    /// <summary>The API server said that it did not reach the pod, or that it may not: the pod has seen nothing of the request.</summary>
    private static bool NeverArrived(DwcpClusterException e) =>
        e.Failure == ClusterFailure.Forbidden
        || (e.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout or HttpStatusCode.InternalServerError
            && e.What.Contains("trying to reach service", StringComparison.Ordinal) && e.What.Contains("dial", StringComparison.Ordinal));

    private async Task<PodResponse> ForwardAsync(
        string @namespace, string pod, int port, HttpMethod method, string path, IReadOnlyDictionary<string, string>? headers, byte[]? body,
        string contentType, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var target = $"pod {@namespace}/{pod} port {port} {method} {path} (port-forward)";
        using var deadline = new CancellationTokenSource(timeout, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var http = PodTunnel.Open(Client, @namespace, pod, port);
            using var request = new HttpRequestMessage(method, new Uri($"http://localhost:{port}/{path.TrimStart('/')}"));
            request.Headers.ConnectionClose = true;
            foreach (var (name, value) in headers ?? new Dictionary<string, string>())
                request.Headers.TryAddWithoutValidation(name, value);
            if (body is not null)
            {
                request.Content = new ByteArrayContent(body);
                request.Content.Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(contentType);
            }

            using var response = await http.SendAsync(request, linked.Token).ConfigureAwait(false);
            return new PodResponse(target, response.StatusCode, response.Content.Headers.ContentType?.ToString(),
                await response.Content.ReadAsByteArrayAsync(linked.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new DwcpClusterException(ClusterFailure.Timeout, target,
                string.Create(CultureInfo.InvariantCulture, $"no answer within {timeout.TotalSeconds:0.#} s"), "Look at the pod's log and load.");
        }
        catch (k8s.Autorest.HttpOperationException e)
        {
            using var response = new HttpResponseMessage(e.Response.StatusCode);
            throw ClusterErrors.FromResponse(target, response, Encoding.UTF8.GetBytes(e.Response.Content ?? "")).Exception;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or System.Net.WebSockets.WebSocketException && !cancellationToken.IsCancellationRequested)
        {
            throw new DwcpClusterException(ClusterFailure.Unreachable, target, $"cannot be reached: {(e.InnerException ?? e).Message}", "Look at the pod's log and restarts.", e);
        }
    }

    private async Task<PodResponse> ProxyAsync(
        string @namespace, string kind, string name, string port, HttpMethod method, string path, IReadOnlyDictionary<string, string>? headers, byte[]? body,
        string contentType, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var target = $"{kind} {@namespace}/{name} port {port} {method} {path}";
        var limit = timeout ?? TimeSpan.FromSeconds(10);
        var request = new ClusterRequest(method, $"api/v1/namespaces/{Uri.EscapeDataString(@namespace)}/{kind}s/{Uri.EscapeDataString(name)}:{port}/proxy/{path.TrimStart('/')}")
        {
            Accept = "*/*",
            Body = body,
            ContentType = contentType,
            Headers = headers ?? new Dictionary<string, string>(),
            Timeout = limit,
        };
        using var deadline = new CancellationTokenSource(limit, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var response = await _transport.OpenAsync(request, target, linked.Token).ConfigureAwait(false);
            var content = await response.Content.ReadAsByteArrayAsync(linked.Token).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode && ClusterErrors.TryReadStatus(content) is not null)
                throw PodUnreachable(ClusterErrors.FromResponse(target, response, content).Exception);
            return new PodResponse(target, response.StatusCode, response.Content.Headers.ContentType?.ToString(), content);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new DwcpClusterException(ClusterFailure.Timeout, target,
                string.Create(CultureInfo.InvariantCulture, $"no answer within {limit.TotalSeconds:0.#} s"), "Look at the pod's log and load.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
        {
            throw new DwcpClusterException(ClusterFailure.Unreachable, target, $"the answer broke off: {e.Message}", "Look at the pod's log and restarts.", e);
        }
    }

    /// <summary>GET on a pod's port through the API server's proxy.</summary>
    public Task<PodResponse> GetFromPodAsync(
        string @namespace, string pod, int port, string path, IReadOnlyDictionary<string, string>? headers = null, TimeSpan? timeout = null,
        CancellationToken cancellationToken = default) =>
        SendToPodAsync(@namespace, pod, port, HttpMethod.Get, path, headers, timeout: timeout, cancellationToken: cancellationToken);

    /// <summary>A port of a pod on this machine, until it is disposed or the connection is.</summary>
    public PodForward Forward(string @namespace, string pod, int port)
    {
        var forward = PodForward.Open(Client, @namespace, pod, port);
        lock (_forwards)
            _forwards.Add(forward);
        return forward;
    }

    /// <summary>A container's log, or the part of it that <paramref name="options"/> say.</summary>
    public async Task<string> ReadLogAsync(string @namespace, string pod, PodLogOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new PodLogOptions();
        var path = Query(ClusterResource.Pod.Path(@namespace, pod, "log"),
            ("container", options.Container),
            ("previous", options.Previous ? "true" : null),
            ("timestamps", options.Timestamps ? "true" : null),
            ("tailLines", options.TailLines?.ToString(CultureInfo.InvariantCulture)),
            ("sinceTime", options.Since?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            ("limitBytes", options.LimitBytes.ToString(CultureInfo.InvariantCulture)));
        var request = new ClusterRequest(HttpMethod.Get, path) { Accept = "*/*" };
        return Encoding.UTF8.GetString((await _transport.SendAsync(request, $"log of pod {@namespace}/{pod}", cancellationToken).ConfigureAwait(false)).Body);
    }

    /// <summary>Events of a namespace, oldest first; only those about one object if its kind and name are given.</summary>
    public async Task<IReadOnlyList<ClusterEventRecord>> ListEventsAsync(
        string @namespace, string? kind = null, string? name = null, CancellationToken cancellationToken = default)
    {
        var selector = string.Join(',', new[] { kind is null ? null : $"involvedObject.kind={kind}", name is null ? null : $"involvedObject.name={name}" }.OfType<string>());
        var items = await ListAsync(ClusterResource.Event, @namespace, fieldSelector: selector.Length == 0 ? null : selector, cancellationToken: cancellationToken).ConfigureAwait(false);
        return
        [
            .. items.Select(e => new ClusterEventRecord(
                    e["type"]?.ToString() ?? "Normal",
                    e["reason"]?.ToString() ?? "",
                    e["message"]?.ToString().Trim() ?? "",
                    $"{e["involvedObject"]?["kind"]}/{e["involvedObject"]?["name"]}",
                    e["series"]?["count"]?.GetValue<int>() ?? e["count"]?.GetValue<int>() ?? 1,
                    Time(e["series"]?["lastObservedTime"]) ?? Time(e["lastTimestamp"]) ?? Time(e["eventTime"]) ?? Time(e["metadata"]?["creationTimestamp"])))
                .Where(e => (kind is null || e.Object.StartsWith($"{kind}/", StringComparison.Ordinal)) && (name is null || e.Object.EndsWith($"/{name}", StringComparison.Ordinal)))
                .OrderBy(e => e.LastSeen),
        ];
    }

    public void Dispose()
    {
        lock (_forwards)
            _forwards.ForEach(f => f.Dispose());
        _transport.Dispose();
        _discovery.Dispose();
        if (_client.IsValueCreated)
            _client.Value.Dispose();
    }

    private async Task<(ClusterResource Resource, string? Namespace, string Name)> IdentifyAsync(
        JsonObject document, string? @namespace, CancellationToken cancellationToken)
    {
        var apiVersion = document["apiVersion"]?.ToString();
        var kind = document["kind"]?.ToString();
        var name = document["metadata"]?["name"]?.ToString();
        if (string.IsNullOrEmpty(apiVersion) || string.IsNullOrEmpty(kind) || (string.IsNullOrEmpty(name) && document["metadata"]?["generateName"] is null))
        {
            throw new DwcpClusterException(ClusterFailure.Invalid, $"document {kind ?? "?"} {name ?? "?"}", "apiVersion, kind or metadata.name is missing",
                "Complete the document.");
        }

        var resource = await ResolveAsync(apiVersion, kind, cancellationToken).ConfigureAwait(false);
        if (!resource.Namespaced)
            return (resource, null, name!);
        var space = document["metadata"]?["namespace"]?.ToString() ?? @namespace ?? throw new DwcpClusterException(
            ClusterFailure.Invalid, $"{kind} {name}", "no namespace was given", "Name its namespace in metadata.namespace or beside it.");
        return (resource, space, name!);
    }

    private static ClusterResource ResourceOf<T>()
    {
        var entity = typeof(T).GetCustomAttribute<KubernetesEntityAttribute>()
            ?? throw new ArgumentException($"{typeof(T)} has no [KubernetesEntity].");
        return ClusterResource.WellKnown.FirstOrDefault(r => r.Group == entity.Group && r.Version == entity.ApiVersion && r.Kind == entity.Kind)
            ?? new ClusterResource(entity.Group, entity.ApiVersion, entity.PluralName, entity.Kind, true);
    }

    internal static T Typed<T>(JsonObject document) => KubernetesJson.Deserialize<T>(document.ToJsonString());

    private static JsonObject Untyped<T>(T item)
        where T : IKubernetesObject
    {
        var document = (JsonObject)JsonNode.Parse(KubernetesJson.Serialize(item))!;
        var resource = ResourceOf<T>();
        document["apiVersion"] = resource.ApiVersion;
        document["kind"] = resource.Kind;
        return document;
    }

    private static DwcpClusterException PodUnreachable(DwcpClusterException e) =>
        e.Failure == ClusterFailure.ServerError
            ? new DwcpClusterException(ClusterFailure.Unreachable, e.Target, e.What, "The pod does not listen there or is not ready: look at its state and log.", e)
            {
                StatusCode = e.StatusCode,
                Reason = e.Reason,
            }
            : e;

    private static byte[] Bytes(JsonObject document) => Encoding.UTF8.GetBytes(document.ToJsonString());

    private static string Query(string path, params (string Name, string? Value)[] parameters)
    {
        var given = parameters.Where(p => !string.IsNullOrEmpty(p.Value)).Select(p => $"{p.Name}={Uri.EscapeDataString(p.Value!)}");
        var query = string.Join('&', given);
        return query.Length == 0 ? path : $"{path}?{query}";
    }

    private static string Key(JsonObject item) => $"{item["metadata"]?["namespace"]}/{item["metadata"]?["name"]}/{item["metadata"]?["uid"]}";

    private static string? Version(JsonObject item) => item["metadata"]?["resourceVersion"]?.ToString();

    private static DateTimeOffset? Time(JsonNode? node) =>
        node is not null && DateTimeOffset.TryParse(node.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;
}
