using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Logging;

namespace NovaCron.Dwcp.Node.Hosting;

/// <summary><c>dwcpd serve</c>: runs the node until SIGTERM or SIGINT, drains, and ends with 0.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(Func<string, string?> environment)
    {
        var options = NodeOptions.FromEnvironment(environment);
        using var logging = LoggerFactory.Create(builder => JsonLines.Configure(builder, options.LogLevel));
        var log = logging.CreateLogger("node");
        using var signals = new StopSignals();
        try
        {
            await using var node = await NodeHost.StartAsync(options, environment, logging, TimeProvider.System).ConfigureAwait(false);
            await signals.Asked.ConfigureAwait(false);
            await node.DrainAsync(options.Grace, signals.Now).ConfigureAwait(false);
        }
        catch (DwcpNodeException error)
        {
            log.LogCritical("{Reason}", error.Message);
            return 1;
        }
        catch (OperationCanceledException) when (signals.Now.IsCancellationRequested)
        {
            log.LogWarning("Stopped by a second signal before the drain was complete.");
        }

        return 0;
    }
}
