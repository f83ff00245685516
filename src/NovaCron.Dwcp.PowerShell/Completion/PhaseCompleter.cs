using System.Collections;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.PowerShell.Completion;

/// <summary>The phases of the namespace's rollout.</summary>
public sealed class PhaseCompleter : ClusterCompleter
{
    private protected override async Task<IReadOnlyList<string>> FindAsync(ClusterConnection connection, IDictionary bound, CancellationToken cancellationToken)
    {
        var rollout = await new RolloutService(connection, bound["Namespace"] as string ?? "staging").GetAsync(cancellationToken).ConfigureAwait(false);
        return rollout is null ? [] : [.. rollout.Spec.Phases.Select(phase => phase.Name)];
    }
}
