using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Tool.Rehearsal;

namespace NovaCron.Dwcp.Tool.Commands;

/// <summary><c>dwcp cluster up</c>: a rehearsal cluster alone, until Ctrl+C.</summary>
internal static class ClusterCommand
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count == 0 || arguments[0] != "up")
            throw ToolException.Usage("dwcp cluster: only 'up' is known. 'dwcp help' shows how it is called.");
        var options = new OptionReader("dwcp cluster up", [.. arguments.Skip(1)], ["directory", "kubeconfig", "node"], []);
        options.ExpectOperands();
        RehearsalCluster cluster;
        try
        {
            cluster = await RehearsalCluster.StartAsync(RehearsalClusterOptions.Create(FullPath("directory"), FullPath("node")) with
            {
                KubeconfigPath = FullPath("kubeconfig"),
            }, cancellationToken).ConfigureAwait(false);
        }
        catch (RehearsalException error)
        {
            throw new ToolException(ExitCode.Failure, error.Message);
        }
        await using (cluster.ConfigureAwait(false))
        {
            await Console.Out.WriteLineAsync($"The cluster is up at {cluster.ApiUrl}; Ctrl+C ends it. In another shell:").ConfigureAwait(false);
            await Console.Out.WriteLineAsync($"export KUBECONFIG={cluster.KubeconfigPath}").ConfigureAwait(false);
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        return ExitCode.Success;

        string? FullPath(string option) => options.Value(option) is { } path ? Path.GetFullPath(path) : null;
    }
}
