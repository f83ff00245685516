using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.PowerShell.Completion;

/// <summary>Completes an argument from the cluster that the other parameters name. A cluster that does not answer within two seconds offers nothing.</summary>
public abstract class ClusterCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var start = wordToComplete.Trim('\'', '"');
        return Find(fakeBoundParameters)
            .Where(value => value.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal)
            .Select(value => new CompletionResult(value));
    }

    private protected abstract Task<IReadOnlyList<string>> FindAsync(ClusterConnection connection, IDictionary bound, CancellationToken cancellationToken);

    private IReadOnlyList<string> Find(IDictionary bound)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            using var connection = ClusterConnection.Open(new ClusterConnectionOptions
            {
                KubeconfigPath = bound["Kubeconfig"] as string,
                Context = bound["Context"] as string,
                MaximumAttempts = 1,
            });
            return Task.Run(() => FindAsync(connection, bound, patience.Token), patience.Token).GetAwaiter().GetResult();
        }
        catch (Exception error) when (error is DwcpClusterException or OperationCanceledException or IOException)
        {
            // A completer has nowhere to put an error: the command itself will say it.
            return [];
        }
    }
}
