namespace NovaCron.Dwcp.Node.Hosting;

/// <summary>Signals are the node's own affair: it drains before it stops, in its own order.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
