using System.Net;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>Serves a simulated node on the ports that a real one has, at a loopback address of its own.</summary>
internal sealed class SimulatedNodePorts : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public SimulatedNodePorts(SimulatedNode node, string address)
    {
        Address = address;
        foreach (var port in new[] { RolloutNames.HttpPort, RolloutNames.DiagnosticsPort, RolloutNames.MetricsPort }) _listener.Prefixes.Add($"http://{address}:{port}/");
        _listener.Start();
        _serving = ServeAsync(node);
    }

    public string Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _serving;
        _listener.Close();
        _stop.Dispose();
    }

    private async Task ServeAsync(SimulatedNode node)
    {
        while (!_stop.IsCancellationRequested)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or InvalidOperationException)
            {
                return;
            }
            _ = AnswerAsync(node, context);
        }
    }

    private async Task AnswerAsync(SimulatedNode node, HttpListenerContext context)
    {
        try
        {
            var answer = await node.GetAsync(context.Request.LocalEndPoint.Port, context.Request.Url!.AbsolutePath, _stop.Token);
            context.Response.StatusCode = answer.StatusCode;
            var body = System.Text.Encoding.UTF8.GetBytes(answer.Body);
            await context.Response.OutputStream.WriteAsync(body, _stop.Token);
            context.Response.Close();
        }
        catch (Exception e) when (e is OperationCanceledException or HttpListenerException or ObjectDisposedException or InvalidOperationException)
        {
            context.Response.Abort();
        }
    }
}
