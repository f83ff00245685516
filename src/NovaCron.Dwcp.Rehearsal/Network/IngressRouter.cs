using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Network;

/// <summary>A plain HTTP router for Ingress objects: host and path choose a Service. It looks at the objects of each moment.</summary>
internal sealed class IngressRouter : IAsyncDisposable
{
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    private readonly ClusterStore _store;
    private readonly WebApplication _web;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private IngressRouter(ClusterStore store, IPEndPoint endPoint)
    {
        _store = store;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, EmbeddedLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(endPoint);
        });
        _web = builder.Build();
        _web.Run(RouteAsync);
        EndPoint = endPoint;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Starts on port 80, or 8080 where the former needs rights that this process has not.</summary>
    public static async Task<IngressRouter> StartAsync(ClusterStore store, IPAddress address, CancellationToken cancellationToken)
    {
        var router = new IngressRouter(store, new(address, 80));
        try
        {
            await router._web.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            await router.DisposeAsync().ConfigureAwait(false);
            router = new IngressRouter(store, new(address, 8080));
            await router._web.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        return router;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(CancellationToken.None).ConfigureAwait(false);
        await _web.DisposeAsync().ConfigureAwait(false);
        _http.Dispose();
    }

    private async Task RouteAsync(HttpContext context)
    {
        if (Backend(context.Request.Host.Host, context.Request.Path) is not { } target)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync("default backend - 404\n", context.RequestAborted).ConfigureAwait(false);
            return;
        }
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method),
            $"http://{target}{context.Request.Path.ToUriComponent()}{context.Request.QueryString.ToUriComponent()}");
        if (context.Request.ContentLength is > 0 || context.Request.Headers.TransferEncoding.Count > 0)
        {
            request.Content = new StreamContent(context.Request.Body);
        }
        foreach (var (name, values) in context.Request.Headers.Where(static h => !HopByHop.Contains(h.Key)))
        {
            if (!request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }
        request.Headers.Host = context.Request.Host.Value;
        request.Headers.TryAddWithoutValidation("X-Forwarded-For", context.Connection.RemoteIpAddress?.ToString());
        request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", context.Request.Scheme);
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted).ConfigureAwait(false);
            context.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).Where(static h => !HopByHop.Contains(h.Key)))
            {
                context.Response.Headers[name] = values.ToArray();
            }
            await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted).ConfigureAwait(false);
        }
        catch (HttpRequestException) when (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await context.Response.WriteAsync("no endpoint of the service answers\n", context.RequestAborted).ConfigureAwait(false);
        }
    }

    // The most specific rule wins: exact before prefix, longer before shorter, a named host before any.
    private string? Backend(string host, string path)
    {
        var rules =
            from ingress in _store.Snapshot(ResourceTypes.Ingresses).Items.Select(static i => i.Document)
            from rule in ingress.At("spec.rules").Objects()
            where MatchesHost(rule.Text("host"), host)
            from entry in rule.At("http.paths").Objects()
            where MatchesPath(entry, path)
            orderby rule.Text("host") is null, entry.Text("pathType") != "Exact", -(entry.Text("path") ?? "/").Length
            select (ingress, entry["backend"] as JsonObject);
        var (found, backend) = rules.FirstOrDefault();
        if (found is null)
        {
            found = _store.Snapshot(ResourceTypes.Ingresses).Items.Select(static i => i.Document).FirstOrDefault(static i => i.At("spec.defaultBackend") is not null);
            backend = found?.At("spec.defaultBackend") as JsonObject;
        }
        if (found is null || backend?["service"] is not JsonObject reference
            || _store.Find(ResourceTypes.Services, found.Namespace(), reference.Text("name") ?? "")?.Document is not { } service)
        {
            return null;
        }
        var port = (reference.At("port.number") as JsonValue).AsInteger() ?? service.At("spec.ports").Objects()
            .FirstOrDefault(p => p.Text("name") == reference.TextAt("port.name"))?.Integer("port");
        return port is null ? null : $"{service.TextAt("spec.clusterIP")}:{port}";
    }

    private static bool MatchesHost(string? rule, string host) =>
        string.IsNullOrEmpty(rule) || string.Equals(rule, host, StringComparison.OrdinalIgnoreCase)
        || (rule.StartsWith("*.", StringComparison.Ordinal) && host.EndsWith(rule[1..], StringComparison.OrdinalIgnoreCase)
            && !host[..^(rule.Length - 1)].Contains('.'));

    private static bool MatchesPath(JsonObject entry, string path)
    {
        var rule = entry.Text("path") is { Length: > 0 } own ? own : "/";
        return entry.Text("pathType") == "Exact" ? path == rule
            : rule == "/" || path == rule.TrimEnd('/') || path.StartsWith(rule.TrimEnd('/') + "/", StringComparison.Ordinal);
    }

    /// <summary>The process belongs to somebody else: this host does not listen to its signals.</summary>
    private sealed class EmbeddedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
