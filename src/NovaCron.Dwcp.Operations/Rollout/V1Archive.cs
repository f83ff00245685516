using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What ran before an image without v1 was deployed: enough to deploy it again, by digest.</summary>
public sealed record V1Archive
{
    /// <summary>The node Deployment's pod template.</summary>
    public required JsonObject Template { get; init; }

    /// <summary>The image of the nodes, by digest where it was known.</summary>
    public required string Image { get; init; }

    /// <summary>DWCP_VERSION.</summary>
    public string? Release { get; init; }

    public required DateTimeOffset ArchivedAt { get; init; }

    public required string ArchivedBy { get; init; }

    /// <exception cref="DwcpRolloutException">The document is not an archive.</exception>
    public static V1Archive Parse(RolloutDocument document)
    {
        try
        {
            return JsonSerializer.Deserialize<V1Archive>(document.Text, RolloutJson.Options) ?? throw Unreadable(document, null);
        }
        catch (JsonException e)
        {
            throw Unreadable(document, e);
        }
    }

    private static DwcpRolloutException Unreadable(RolloutDocument document, Exception? inner) =>
        new("UnreadableArchive", $"ConfigMap {document.Name} is no archive of a deployment with v1{(inner is null ? "" : $": {inner.Message}")}. Deploy a release with v1 by hand.", inner);
}
