using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Hosting;
using NovaCron.Dwcp.Node.Logging;

namespace NovaCron.Dwcp.Node.Guarding;

/// <summary><c>dwcpd guard</c>: runs the guardian until SIGTERM or SIGINT, gives up its lease, and ends with 0.</summary>
internal static class GuardCommand
{
    public static async Task<int> RunAsync(Func<string, string?> environment)
    {
        var options = NodeOptions.FromEnvironment(environment);
        using var logging = LoggerFactory.Create(builder => JsonLines.Configure(builder, options.LogLevel));
        var log = logging.CreateLogger("guardian");
        using var signals = new StopSignals();
        try
        {
            await using var guard = await GuardHost.StartAsync(options, logging, TimeProvider.System).ConfigureAwait(false);
            if (await Task.WhenAny(signals.Asked, guard.Completion).ConfigureAwait(false) == guard.Completion)
            {
                await guard.Completion.ConfigureAwait(false);
                log.LogCritical("The guardian ended without being asked to.");
                return 1;
            }

            await guard.StopAsync().ConfigureAwait(false);
            return 0;
        }
        catch (DwcpNodeException error)
        {
            log.LogCritical("{Reason}", error.Message);
            return 1;
        }
    }
}
