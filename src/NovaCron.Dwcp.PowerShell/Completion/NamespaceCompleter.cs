using System.Collections;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.PowerShell.Completion;

/// <summary>The cluster's namespaces.</summary>
public sealed class NamespaceCompleter : ClusterCompleter
{
    private protected override async Task<IReadOnlyList<string>> FindAsync(ClusterConnection connection, IDictionary bound, CancellationToken cancellationToken) =>
        [.. (await connection.ListAsync(ClusterResource.Namespace, null, cancellationToken: cancellationToken).ConfigureAwait(false))
            .Select(item => (string?)item["metadata"]?["name"] ?? "")];
}
