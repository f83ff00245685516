using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>What was applied, by whom: kept in ConfigMap <c>dwcp-v3-staging-record</c> beside the deployment.</summary>
internal sealed record StagingRecord
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Key of the ConfigMap.</summary>
    public const string Key = "record.json";

    public required string Release { get; init; }

    public required string ManifestHash { get; init; }

    public required string AppliedBy { get; init; }

    public required DateTimeOffset AppliedAt { get; init; }

    public required StagingValues Values { get; init; }

    /// <summary>What the manifests were made for.</summary>
    public ClusterSurvey Survey { get; init; } = new();

    public IReadOnlyList<RecordedObject> Objects { get; init; } = [];

    /// <summary>Image references by tag, and what they meant when they were first deployed, <c>name@sha256:...</c>: a tag is resolved once.</summary>
    public IReadOnlyDictionary<string, string> Pins { get; init; } = new Dictionary<string, string>();

    public static async Task<StagingRecord?> ReadAsync(ClusterConnection connection, string @namespace, CancellationToken cancellationToken)
    {
        var map = await connection.FindAsync(ClusterResource.ConfigMap, @namespace, StagingNames.Record, cancellationToken).ConfigureAwait(false);
        if (map is null)
            return null;
        try
        {
            return map["data"]?[Key] is { } text && JsonSerializer.Deserialize<StagingRecord>(text.ToString(), Json) is { } record ? record : throw Unreadable(null);
        }
        catch (JsonException e)
        {
            throw Unreadable(e);
        }

        DwcpStagingException Unreadable(Exception? e) => new(StagingStage.Configuration, ClusterResource.ConfigMap.Describe(@namespace, StagingNames.Record),
            $"its {Key} cannot be read{(e is null ? "" : $": {e.Message}")}", "Delete this ConfigMap and deploy again; the deployment writes it anew.", e);
    }

    /// <summary>Whether both tell of the same deployment, whoever applied it and when.</summary>
    public bool SaysTheSameAs(StagingRecord other) =>
        Objects.Count == other.Objects.Count && Objects.All(o => other.Objects.Contains(o)) && Rest(this) == Rest(other);

    private static string Rest(StagingRecord record) => JsonSerializer.Serialize(record with { AppliedBy = "", AppliedAt = default, Objects = [], Survey = record.Survey with { Notes = [] } }, Json);

    public JsonObject ToDocument(string @namespace) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "ConfigMap",
        ["metadata"] = new JsonObject
        {
            ["name"] = StagingNames.Record,
            ["namespace"] = @namespace,
            ["labels"] = new JsonObject
            {
                ["app.kubernetes.io/name"] = "dwcp-v3",
                ["app.kubernetes.io/part-of"] = "novacron-dwcp",
                ["app.kubernetes.io/component"] = "record",
                [StagingNames.ManagedByLabel] = StagingNames.ManagedBy,
            },
        },
        ["data"] = new JsonObject { [Key] = JsonSerializer.Serialize(this, Json) },
    };
}
