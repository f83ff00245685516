using System.Globalization;
using System.Text.Json;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The whole history of a rollout: what the status holds, and before it what the guardian moved into numbered ConfigMaps.</summary>
public static class RolloutHistory
{
    /// <summary>Entries of one ConfigMap.</summary>
    internal const int EntriesPerDocument = 50;

    /// <summary>Every entry, oldest first.</summary>
    /// <exception cref="DwcpRolloutException">A ConfigMap of the history is missing or unreadable: the history would not be complete.</exception>
    public static async Task<IReadOnlyList<RolloutHistoryEntry>> ReadAsync(IRolloutCluster cluster, DwcpRollout rollout, CancellationToken cancellationToken = default)
    {
        var kept = rollout.Status?.History ?? [];
        var first = kept.Count == 0 ? 0 : kept[0].Number;
        var entries = new List<RolloutHistoryEntry>();
        for (long number = 0; number < first; number += EntriesPerDocument)
        {
            var name = DocumentName(number);
            try
            {
                var document = await cluster.ReadDocumentAsync(name, cancellationToken).ConfigureAwait(false);
                entries.AddRange((document is null ? null : JsonSerializer.Deserialize<List<RolloutHistoryEntry>>(document.Text, RolloutJson.Options))
                    ?? throw new DwcpRolloutException("IncompleteHistory", $"ConfigMap {cluster.Namespace}/{name} with older history does not exist."));
            }
            catch (JsonException e)
            {
                throw new DwcpRolloutException("IncompleteHistory", $"ConfigMap {cluster.Namespace}/{name} with older history is unreadable: {e.Message}", e);
            }
        }
        return [.. entries, .. kept];
    }

    /// <summary>Name of the ConfigMap that begins with this entry.</summary>
    internal static string DocumentName(long number) => RolloutNames.HistoryConfigMapPrefix + number.ToString("D8", CultureInfo.InvariantCulture);
}
