using NovaCron.Dwcp.Node;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Node.Guarding;
using NovaCron.Dwcp.Node.Hosting;
using NovaCron.Dwcp.Transport.Rdma;

const string Usage = """
    dwcpd serve             run the node: 8080 health and sessions, 8081 flags and diagnostics, 9090 metrics, 7420 data
    dwcpd guard             run the rollout's guardian: 8080 health, 9090 metrics
    dwcpd drain [--wait S]  take the running node of this pod out of its Service (preStop hook)
    dwcpd --version         print the version

    Configuration comes from the environment, mounted files and ConfigMap dwcp-v3-config; see docs/operations.md.
    """;

try
{
    switch (args)
    {
        case ["serve"]:
            return await ServeCommand.RunAsync(Environment.GetEnvironmentVariable).ConfigureAwait(false);
        case ["guard"]:
            return await GuardCommand.RunAsync(Environment.GetEnvironmentVariable).ConfigureAwait(false);
        case ["drain", .. var rest]:
            return await DrainCommand.RunAsync(rest, Environment.GetEnvironmentVariable).ConfigureAwait(false);
        case [BulkWorker.Verb]: // started by serve, one for each bulk stream over UCX
            return await BulkWorker.RunAsync(Console.OpenStandardInput(), Console.OpenStandardOutput()).ConfigureAwait(false);
        case ["--version"]:
            Console.WriteLine(NodeOptions.BuildVersion);
            return 0;
        case ["--help" or "-h"]:
            Console.WriteLine(Usage);
            return 0;
        default:
            Console.Error.WriteLine(args.Length == 0 ? "dwcpd needs a verb." : $"dwcpd does not know '{string.Join(' ', args)}'.");
            Console.Error.WriteLine(Usage);
            return 2;
    }
}
catch (DwcpNodeException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}
