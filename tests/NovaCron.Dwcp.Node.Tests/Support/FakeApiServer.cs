using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace NovaCron.Dwcp.Node.Tests.Support;

/// <summary>Just enough of an API server for the node: one ConfigMap (list and watch), one Lease (get), and the ways in which a real one fails.</summary>
public sealed class FakeApiServer : IAsyncDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly ConcurrentDictionary<Channel<JsonObject>, bool> _watches = new();
    private readonly Lock _gate = new();
    private readonly WebApplication _application;
    private JsonObject? _data = new() { ["FEATURE_FLAG_V3_ROLLOUT"] = "0", ["FEATURE_FLAG_V3_CEILING"] = "100" };
    private int _revision = 100;
    private volatile bool _out;

    private FakeApiServer()
    {
        var (certificate, key) = _authority.Issue("kubernetes", "localhost");
        using var ephemeral = X509Certificate2.CreateFromPem(certificate, key);
        var identity = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(identity)));
        _application = builder.Build();
        _application.Run(HandleAsync);
    }

    public int Port { get; private set; }

    public string RootPem => _authority.RootPem;

    public int Lists { get; private set; }

    public int Watches => _watches.Count;

    /// <summary>Answers every watch with 410 Gone until set back.</summary>
    public bool Gone { get; set; }

    /// <summary>Takes changes without telling the watches, as a dead connection does.</summary>
    public bool Silent { get; set; }

    public DateTime? LeaseRenewTime { get; set; }

    public string Revision => _revision.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static async Task<FakeApiServer> StartAsync()
    {
        var server = new FakeApiServer();
        await server._application.StartAsync();
        server.Port = new Uri(server._application.Urls.Single()).Port;
        return server;
    }

    public TestPod CreatePod() => new("127.0.0.1", Port, RootPem);

    /// <summary>Writes the ConfigMap and tells the watches; null data deletes it.</summary>
    public string SetConfig(JsonObject? data)
    {
        lock (_gate)
        {
            var kind = data is null ? "DELETED" : _data is null ? "ADDED" : "MODIFIED";
            var shown = data ?? _data;
            _data = data;
            _revision++;
            if (!Silent) Send(new JsonObject { ["type"] = kind, ["object"] = Describe(shown) });
            return Revision;
        }
    }

    public string SetFlag(string flag, string ceiling = "100") => SetConfig(new JsonObject { ["FEATURE_FLAG_V3_ROLLOUT"] = flag, ["FEATURE_FLAG_V3_CEILING"] = ceiling });

    /// <summary>Ends every watch in the middle, as a restarted API server does.</summary>
    public void CutWatches()
    {
        foreach (var watch in _watches.Keys) watch.Writer.TryComplete(new OperationCanceledException("cut"));
    }

    /// <summary>Cuts every connection and refuses new ones, or ends that.</summary>
    public void SetOutage(bool outage)
    {
        _out = outage;
        if (outage) CutWatches();
    }

    public async ValueTask DisposeAsync()
    {
        CutWatches();
        await _application.DisposeAsync();
        _authority.Dispose();
    }

    private JsonObject Describe(JsonObject? data) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject { ["name"] = "dwcp-v3-config", ["namespace"] = "staging", ["resourceVersion"] = Revision },
        ["data"] = data?.DeepClone(),
    };

    private void Send(JsonObject message)
    {
        foreach (var channel in _watches.Keys) channel.Writer.TryWrite((JsonObject)message.DeepClone());
    }

    private async Task HandleAsync(HttpContext context)
    {
        if (_out)
        {
            context.Abort();
            return;
        }

        if (context.Request.Headers.Authorization != "Bearer test-token")
        {
            await WriteAsync(context, 401, Status(401, "Unauthorized"));
            return;
        }

        switch (context.Request.Path.Value)
        {
            case "/api/v1/namespaces/staging/configmaps" when context.Request.Query["fieldSelector"] == "metadata.name=dwcp-v3-config":
                if (context.Request.Query["watch"] == "true") await WatchAsync(context);
                else await ListAsync(context);
                break;
            case "/apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-guardian" when LeaseRenewTime is { } renewed:
                await WriteAsync(context, 200, new JsonObject
                {
                    ["apiVersion"] = "coordination.k8s.io/v1",
                    ["kind"] = "Lease",
                    ["metadata"] = new JsonObject { ["name"] = "dwcp-v3-guardian" },
                    ["spec"] = new JsonObject { ["holderIdentity"] = "guardian-0", ["renewTime"] = renewed.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'") },
                });
                break;
            default:
                await WriteAsync(context, 404, Status(404, "NotFound"));
                break;
        }
    }

    private async Task ListAsync(HttpContext context)
    {
        JsonObject list;
        lock (_gate)
        {
            Lists++;
            list = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ConfigMapList",
                ["metadata"] = new JsonObject { ["resourceVersion"] = Revision },
                ["items"] = _data is null ? new JsonArray() : new JsonArray(Describe(_data)),
            };
        }

        await WriteAsync(context, 200, list);
    }

    private async Task WatchAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        if (Gone)
        {
            await context.Response.WriteAsync(new JsonObject { ["type"] = "ERROR", ["object"] = Status(410, "Expired") }.ToJsonString() + "\n");
            return;
        }

        var channel = Channel.CreateUnbounded<JsonObject>();
        await context.Response.StartAsync(context.RequestAborted);
        lock (_gate)
        {
            // What happened between the list and this watch.
            var from = int.Parse(context.Request.Query["resourceVersion"].ToString(), System.Globalization.CultureInfo.InvariantCulture);
            if (_revision > from) channel.Writer.TryWrite(new JsonObject { ["type"] = _data is null ? "DELETED" : "MODIFIED", ["object"] = Describe(_data) });
            _watches[channel] = true;
        }

        try
        {
            await foreach (var message in channel.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync(message.ToJsonString() + "\n", context.RequestAborted);
                await context.Response.Body.FlushAsync(context.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The watcher went, or is cut: in the middle of the answer, not at its end.
            context.Abort();
        }
        finally
        {
            _watches.TryRemove(channel, out _);
        }
    }

    private static JsonObject Status(int code, string reason) => new()
    {
        ["apiVersion"] = "v1", ["kind"] = "Status", ["status"] = "Failure", ["code"] = code, ["reason"] = reason, ["message"] = reason,
    };

    private static async Task WriteAsync(HttpContext context, int status, JsonObject body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body.ToJsonString(), context.RequestAborted);
    }
}
