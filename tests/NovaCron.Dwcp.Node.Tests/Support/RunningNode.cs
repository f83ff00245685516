using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Node.Hosting;
using NovaCron.Dwcp.Transport.Transfers;
using NovaCron.Dwcp.V1;

namespace NovaCron.Dwcp.Node.Tests.Support;

/// <summary>A whole node in this process, on real sockets, with a fake API server.</summary>
public sealed class RunningNode : IAsyncDisposable
{
    private readonly HttpClient _http = new();
    private NodeHost? _node;

    private RunningNode(FakeApiServer cluster, TestPod pod)
    {
        Cluster = cluster;
        Pod = pod;
    }

    public FakeApiServer Cluster { get; }

    public TestPod Pod { get; }

    public LogLines Log { get; } = new();

    public NodeHost Node => _node ?? throw new InvalidOperationException("not started");

    public static async Task<RunningNode> StartAsync(Action<TestPod>? prepare = null, string percent = "0")
    {
        var cluster = await FakeApiServer.StartAsync();
        cluster.SetFlag(percent);
        var running = new RunningNode(cluster, cluster.CreatePod());
        try
        {
            prepare?.Invoke(running.Pod);
            running._node = await NodeHost.StartAsync(running.Pod.ReadOptions(), running.Pod.ReadVariable, running.Log, TimeProvider.System);
            await Eventually.TrueAsync(() => running.Node.IsReady, "the node is ready", detail: () => running.Log.Text);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    public async Task SetPercentAsync(int percent)
    {
        Cluster.SetFlag($"{percent}");
        await Eventually.TrueAsync(() => Node.Flag.State.Effective == percent, $"{percent} % in force");
    }

    public TransferClient CreateClient() => new([new V3ClientProtocol(), new V1ClientProtocol()]);

    public TransferRequest RequestFor(string path, string clientId = "client-1") => new()
    {
        Remote = new Uri($"dwcp://{Node.DataEndPoint}/{path}"),
        ClientId = clientId,
        ApiKey = Pod.ApiKey,
        TrustedCertificates = Pod.Authority.Roots,
        FreshSession = true,
        GiveUpAfter = TimeSpan.FromMinutes(1),
    };

    public async Task<(HttpStatusCode Status, JsonObject Body)> AskAsync(HttpMethod method, IPEndPoint end, string path, string? key = null, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, $"http://{end}{path}") { Content = content };
        if (key is not null) request.Headers.Add("X-Dwcp-Key", key);
        using var response = await _http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonObject>() ?? []);
    }

    public Task<(HttpStatusCode Status, JsonObject Body)> AdminAsync(HttpMethod method, string path, string? key) => AskAsync(method, Node.AdminEndPoint, path, key);

    public Task<string> ScrapeAsync() => _http.GetStringAsync($"http://{Node.MetricsEndPoint}/metrics");

    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
        await Cluster.DisposeAsync();
        Pod.Dispose();
        _http.Dispose();
    }
}
