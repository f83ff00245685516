using Microsoft.AspNetCore.Http;
using NovaCron.Dwcp.Rehearsal.Discovery;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Takes a request from identity over permission to the handler that answers it.</summary>
internal sealed class RequestDispatcher : IDisposable
{
    private readonly ApiContext _api;
    private readonly Authenticator _authenticator;
    private readonly DiscoveryDocuments _discovery;
    private readonly OpenApiDocuments _openApi;
    private readonly ReadHandler _read;
    private readonly WatchHandler _watch;
    private readonly WriteHandler _write;
    private readonly DeleteHandler _delete;
    private readonly SubresourceHandler _subresources;
    private readonly ReviewHandler _reviews;
    private readonly ProxyHandler _proxy;
    private readonly PortForwardHandler _portForward;

    public RequestDispatcher(ApiContext api)
    {
        _api = api;
        _authenticator = new(api.Tokens, api.Authorizer);
        _discovery = new(api.Store.Types);
        _openApi = new(api.Store.Types, api.Schemas);
        _read = new(api);
        _watch = new(api);
        _write = new(api);
        _delete = new(api);
        _subresources = new(api, _delete);
        _reviews = new(api);
        _proxy = new(api);
        _portForward = new(api);
    }

    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            var user = _authenticator.Authenticate(context);
            var path = RequestPath.Parse(context.Request.Path.Value ?? "/");
            if (path.IsResource)
            {
                await HandleResourceAsync(context, user, path).ConfigureAwait(false);
            }
            else
            {
                await HandlePathAsync(context, user).ConfigureAwait(false);
            }
        }
        catch (ApiStatusException e) when (!context.Response.HasStarted)
        {
            await Responses.WriteStatusAsync(context, e).ConfigureAwait(false);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted)
        {
            await Responses.WriteStatusAsync(context, new ApiStatusException(e.StatusCode, "BadRequest", e.Message)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || _api.Stopping.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
        catch (IOException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left in the middle of its body.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            // A defect of this server. The client learns of it as from the real one, whose handlers recover from panics.
            await Responses.WriteStatusAsync(context, new(500, "InternalError", $"Internal error occurred: {e.GetType().Name}: {e.Message}")).ConfigureAwait(false);
        }
    }

    public void Dispose() => _proxy.Dispose();

    private async Task HandleResourceAsync(HttpContext context, ApiUser user, RequestPath path)
    {
        var verb = VerbOf(context.Request, path);
        var type = _api.Store.Types.Find(path.Group, path.Version, path.Resource);
        var review = type is null ? ServedResource.Reviews.FirstOrDefault(r => r.ApiVersion == Version(path) && r.Plural == path.Resource) : null;
        var name = path.Subresource == "proxy" ? path.Name.Split(':') is [_, var middle, _] ? middle : path.Name.Split(':')[0] : path.Name;
        if (name.Length == 0 && type is not null && verb is ("list" or "watch" or "deletecollection") && context.Request.Query["fieldSelector"] is [{ Length: > 0 } selector])
        {
            // A selector for one name asks for that object: rules with resourceNames apply (k8s.io/apiserver, requestinfo.go).
            name = FieldSelector.Parse(type, selector).Name ?? "";
        }
        // For a namespace itself the rules of that namespace count.
        var scope = path is { Group: "", Resource: "namespaces" } ? path.Name : path.Namespace;
        var access = new AccessRequest(verb, path.Group, path.Resource, path.Subresource, scope, name);
        if (_api.Authorizer.Allows(user, access) is null)
        {
            throw access.Refusal(user);
        }
        var request = new ApiRequest(context, user, path, verb);
        if (review is not null && verb == "create" && path.Name.Length == 0)
        {
            await _reviews.CreateAsync(request, review).ConfigureAwait(false);
            return;
        }
        if (type is null || (type.Namespaced && path.Namespace.Length == 0 && (path.Name.Length > 0 || verb == "create"))
            || (!type.Namespaced && path.Namespace.Length > 0))
        {
            throw ApiStatusException.NoSuchPath();
        }
        await (path.Subresource.Length == 0 ? HandleObjectAsync(request, type) : HandleSubresourceAsync(request, type)).ConfigureAwait(false);
    }

    private Task HandleObjectAsync(ApiRequest request, ResourceType type) => request.Verb switch
    {
        "get" => _read.GetAsync(request, type),
        "list" => _read.ListAsync(request, type),
        "watch" => _watch.WatchAsync(request, type),
        "create" when request.Path.Name.Length == 0 => _write.CreateAsync(request, type),
        "update" => _write.UpdateAsync(request, type),
        "patch" => _write.PatchAsync(request, type),
        "delete" => _delete.DeleteAsync(request, type),
        "deletecollection" => _delete.DeleteCollectionAsync(request, type),
        _ => throw ApiStatusException.MethodNotAllowed(),
    };

    private Task HandleSubresourceAsync(ApiRequest request, ResourceType type) => (request.Path.Subresource, request.Verb) switch
    {
        ("status", "get") when type.HasStatus => _read.GetAsync(request, type),
        ("status", "update") => _write.UpdateAsync(request, type),
        ("status", "patch") => _write.PatchAsync(request, type),
        ("scale", "get" or "update" or "patch") when type.Scale is { } paths => _subresources.ScaleAsync(request, type, paths),
        ("log", "get") when type == ResourceTypes.Pods => _subresources.LogAsync(request),
        ("eviction", "create") when type == ResourceTypes.Pods => _subresources.EvictAsync(request),
        ("portforward", "get" or "create") when type == ResourceTypes.Pods => _portForward.HandleAsync(request),
        ("token", "create") when type == ResourceTypes.ServiceAccounts => _subresources.TokenAsync(request),
        ("finalize", "update") when type == ResourceTypes.Namespaces => _subresources.FinalizeNamespaceAsync(request),
        ("proxy", _) when type == ResourceTypes.Pods || type == ResourceTypes.Services => _proxy.HandleAsync(request, type),
        _ => throw ApiStatusException.NoSuchPath(),
    };

    private async Task HandlePathAsync(HttpContext context, ApiUser user)
    {
        var path = context.Request.Path.Value ?? "/";
        if (path == PodDiscovery.Path)
        {
            var pods = PodDiscovery.Find(_api.Store, _api.Authorizer, user, context.Request.Query["namespace"].OfType<string>());
            await Responses.WriteBytesAsync(context, 200, System.Text.Encoding.UTF8.GetBytes(pods.ToJsonString()), "application/json").ConfigureAwait(false);
            return;
        }
        var access = new AccessRequest(context.Request.Method.ToLowerInvariant(), "", "", "", "", "") { Path = path };
        if (_api.Authorizer.Allows(user, access) is null)
        {
            throw access.Refusal(user);
        }
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            throw ApiStatusException.MethodNotAllowed();
        }
        switch (path.TrimEnd('/'))
        {
            case "/healthz" or "/livez" or "/readyz":
                await Responses.WriteBytesAsync(context, 200, "ok"u8.ToArray(), "text/plain; charset=utf-8").ConfigureAwait(false);
                return;
            case "/version":
                await Responses.WriteAsync(context, 200, DiscoveryDocuments.Version()).ConfigureAwait(false);
                return;
            case "/openapi/v2":
                await Responses.WriteBytesAsync(context, 200, OpenApiDocuments.Version2, OpenApiDocuments.Version2Media).ConfigureAwait(false);
                return;
            case "/openapi/v3":
                await Responses.WriteAsync(context, 200, _openApi.Index()).ConfigureAwait(false);
                return;
            case var v3 when v3.StartsWith("/openapi/v3/", StringComparison.Ordinal) && _openApi.Find(v3["/openapi/v3/".Length..]) is { } document:
                await Responses.WriteAsync(context, 200, document).ConfigureAwait(false);
                return;
        }
        var aggregated = context.Request.Headers.Accept.ToString().Contains("g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", StringComparison.Ordinal);
        var found = _discovery.Find(path, aggregated, context.Request.Host.Value ?? "") ?? throw ApiStatusException.NoSuchPath();
        var media = found.Kind() == "APIGroupDiscoveryList" ? DiscoveryDocuments.AggregatedMedia : "application/json";
        await Responses.WriteBytesAsync(context, 200, JsonDocuments.Serialize(found), media).ConfigureAwait(false);
    }

    private static string Version(RequestPath path) => path.Group.Length == 0 ? path.Version : path.Group + "/" + path.Version;

    private static string VerbOf(HttpRequest request, RequestPath path)
    {
        var named = path.Name.Length > 0;
        return request.Method switch
        {
            "GET" or "HEAD" when named && path.Subresource.Length > 0 => "get",
            "GET" or "HEAD" when request.Query["watch"].ToString() is "true" or "1" => "watch",
            "GET" or "HEAD" => named ? "get" : "list",
            "POST" => "create",
            "PUT" => "update",
            "PATCH" => "patch",
            "DELETE" => named ? "delete" : "deletecollection",
            _ => throw ApiStatusException.MethodNotAllowed(),
        };
    }
}
