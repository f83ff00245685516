using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Http;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Passes HTTP requests on to pods and services: <c>pods/[scheme:]name[:port]/proxy/path</c>.</summary>
internal sealed class ProxyHandler : IDisposable
{
    private static readonly HashSet<string> HopByHop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Host", "Authorization",
    };

    private readonly ApiContext _api;

    // Pods have certificates of their own authority; the real proxy does not verify them either.
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false, UseCookies = false, UseProxy = false, AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(10), PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
        SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, _) => true },
    });

    public ProxyHandler(ApiContext api) => _api = api;

    public async Task HandleAsync(ApiRequest request, ResourceType type)
    {
        var (scheme, name, port) = SplitName(request.Path.Name);
        var target = type == ResourceTypes.Pods ? PodTarget(request.Path.Namespace, name, port) : ServiceTarget(request.Path.Namespace, name, port);
        var rest = request.Path.Rest.Length == 0 ? "/" : request.Path.Rest;
        var incoming = request.Http.Request;
        using var outgoing = new HttpRequestMessage(
            new HttpMethod(incoming.Method), new Uri($"{scheme}://{target}{Uri.EscapeDataString(rest).Replace("%2F", "/", StringComparison.Ordinal)}{incoming.QueryString}"));
        if (incoming.ContentLength is > 0 || incoming.Headers.TransferEncoding.Count > 0)
        {
            outgoing.Content = new StreamContent(incoming.Body);
        }
        foreach (var (key, values) in incoming.Headers.Where(static h => !HopByHop.Contains(h.Key) && h.Key[0] != ':'))
        {
            if (!outgoing.Headers.TryAddWithoutValidation(key, (IEnumerable<string?>)values))
            {
                outgoing.Content?.Headers.TryAddWithoutValidation(key, (IEnumerable<string?>)values);
            }
        }
        outgoing.Headers.TryAddWithoutValidation("X-Forwarded-Uri", incoming.Path.Value);
        HttpResponseMessage answer;
        try
        {
            answer = await _client.SendAsync(outgoing, request.Aborted).ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            throw new ApiStatusException(503, "ServiceUnavailable", $"error trying to reach service: {e.Message}");
        }
        using (answer)
        {
            await CopyAsync(answer, request.Http).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private static async Task CopyAsync(HttpResponseMessage answer, HttpContext context)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (key, values) in answer.Headers.Concat(answer.Content.Headers).Where(static h => !HopByHop.Contains(h.Key)))
        {
            context.Response.Headers.Append(key, values.ToArray());
        }
        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted).ConfigureAwait(false);
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await body.ReadAsync(chunk, context.RequestAborted).ConfigureAwait(false)) > 0)
        {
            await context.Response.Body.WriteAsync(chunk.AsMemory(0, read), context.RequestAborted).ConfigureAwait(false);
            await context.Response.Body.FlushAsync(context.RequestAborted).ConfigureAwait(false);
        }
    }

    private static (string Scheme, string Name, string Port) SplitName(string text) => text.Split(':') switch
    {
        [var name] => ("http", name, ""),
        [var name, var port] => ("http", name, port),
        ["http" or "https" or "", var name, var port] => (text.StartsWith("https:", StringComparison.Ordinal) ? "https" : "http", name, port),
        _ => throw ApiStatusException.BadRequest($"invalid pod request \"{text}\""),
    };

    private string PodTarget(string ns, string name, string port)
    {
        var pod = _api.Store.Find(ResourceTypes.Pods, ns, name)?.Document ?? throw ApiStatusException.NotFound(ResourceTypes.Pods, name);
        if (pod.At("status.podIP")?.ToString() is not { Length: > 0 } address)
        {
            throw ApiStatusException.BadRequest("address not allowed");
        }
        var ports = pod.At("spec.containers").Objects().SelectMany(static c => c["ports"].Objects()).ToList();
        var number = port.Length == 0 ? ports.FirstOrDefault()?.Integer("containerPort") ?? 80
            : ports.FirstOrDefault(p => p.Text("name") == port)?.Integer("containerPort")
            ?? (long.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 0);
        return number is > 0 and <= 65535 ? $"{address}:{number}" : throw ApiStatusException.BadRequest($"no port \"{port}\" in pod \"{name}\"");
    }

    private string ServiceTarget(string ns, string name, string port)
    {
        var service = _api.Store.Find(ResourceTypes.Services, ns, name)?.Document ?? throw ApiStatusException.NotFound(ResourceTypes.Services, name);
        var ports = service.At("spec.ports").Objects().ToList();
        var chosen = port.Length == 0 && ports.Count == 1
            ? ports[0]
            : ports.FirstOrDefault(p => p.Text("name") == port || p["port"]?.ToString() == port);
        if (chosen is null)
        {
            throw new ApiStatusException(503, "ServiceUnavailable", $"no service port \"{port}\" found for service \"{name}\"");
        }
        var targets = _api.Store.Snapshot(ResourceTypes.EndpointSlices, ns).Items
            .Where(s => s.Document.At("metadata.labels").TextPairs().Any(l => l.Key == "kubernetes.io/service-name" && l.Value == name))
            .SelectMany(s => Addresses(s.Document, chosen.Text("name") ?? ""))
            .ToList();
        return targets.Count > 0
            ? targets[Random.Shared.Next(targets.Count)]
            : throw new ApiStatusException(503, "ServiceUnavailable", $"no endpoints available for service \"{name}\"");
    }

    private static IEnumerable<string> Addresses(System.Text.Json.Nodes.JsonObject slice, string portName)
    {
        var port = slice["ports"].Objects().FirstOrDefault(p => (p.Text("name") ?? "") == portName)?.Integer("port");
        return port is null
            ? []
            : slice["endpoints"].Objects()
                .Where(static e => e.At("conditions.ready")?.ToString() != "false")
                .SelectMany(static e => e["addresses"].Texts())
                .Select(a => $"{a}:{port}");
    }
}
