using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>Serves a simulated node on the ports that a real one has, at a loopback address of its own, whatever host a request names.</summary>
internal sealed class SimulatedNodePorts : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly WebApplication _application;

    private SimulatedNodePorts(SimulatedNode node, IPAddress address)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(options =>
        {
            foreach (var port in new[] { RolloutNames.HttpPort, RolloutNames.DiagnosticsPort, RolloutNames.MetricsPort }) options.Listen(address, port);
        });
        _application = builder.Build();
        _application.Run(context => AnswerAsync(node, context));
    }

    public static async Task<SimulatedNodePorts> StartAsync(SimulatedNode node, string address)
    {
        var ports = new SimulatedNodePorts(node, IPAddress.Parse(address));
        await ports._application.StartAsync();
        return ports;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _application.DisposeAsync();
        _stop.Dispose();
    }

    private async Task AnswerAsync(SimulatedNode node, HttpContext context)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, context.RequestAborted);
        try
        {
            var answer = await node.GetAsync(context.Connection.LocalPort, context.Request.Path, ended.Token);
            context.Response.StatusCode = answer.StatusCode;
            await context.Response.WriteAsync(answer.Body, ended.Token);
        }
        catch (OperationCanceledException)
        {
            context.Abort();
        }
    }
}
