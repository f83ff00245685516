using System.Text.Json;

namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>A node's own account of the flag, from GET :8081/flags.</summary>
public sealed record NodeFlags
{
    public required int Flag { get; init; }

    public required int Ceiling { get; init; }

    /// <summary>Percent in force: min(flag, ceiling).</summary>
    public required int Effective { get; init; }

    /// <summary>resourceVersion of the ConfigMap that the node has applied.</summary>
    public required string Revision { get; init; }

    public bool Draining { get; init; }

    /// <summary>False: the node has no v1 at all and does not follow the flag.</summary>
    public bool HasV1 { get; init; } = true;

    /// <summary>The node opens v1 sessions.</summary>
    public bool ServesV1 { get; init; } = true;

    /// <summary>v3 sessions that the process has started since it began.</summary>
    public required long V3Started { get; init; }

    public required long V3Active { get; init; }

    public required long V1Started { get; init; }

    /// <summary>True when the node has applied <paramref name="revision"/> or a later one.</summary>
    /// <remarks>Revisions are compared as numbers, as Kubernetes has promised since 1.35; others only for equality.</remarks>
    public bool HasApplied(string revision) =>
        Revision == revision || (ulong.TryParse(Revision, out var applied) && ulong.TryParse(revision, out var wanted) && applied >= wanted);

    /// <summary>enabled, disabled or absent; a node of before this was told has v1.</summary>
    private static string V1Of(JsonElement root) => root.TryGetProperty("v1", out var v1) ? v1.GetString() ?? "enabled" : "enabled";

    /// <exception cref="DwcpMetricsException">The answer is not what /flags gives.</exception>
    public static NodeFlags Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 8 });
            var root = document.RootElement;
            var sessions = root.GetProperty("sessions");
            return new NodeFlags
            {
                Flag = root.GetProperty("flag").GetInt32(),
                Ceiling = root.GetProperty("ceiling").GetInt32(),
                Effective = root.GetProperty("effective").GetInt32(),
                Revision = root.GetProperty("revision").ValueKind switch
                {
                    JsonValueKind.String => root.GetProperty("revision").GetString()!,
                    _ => root.GetProperty("revision").GetRawText(),
                },
                Draining = root.TryGetProperty("draining", out var draining) && draining.GetBoolean(),
                HasV1 = V1Of(root) != "absent",
                ServesV1 = V1Of(root) == "enabled",
                V3Started = sessions.GetProperty("v3").GetProperty("started").GetInt64(),
                V3Active = sessions.GetProperty("v3").GetProperty("active").GetInt64(),
                V1Started = sessions.GetProperty("v1").GetProperty("started").GetInt64(),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new DwcpMetricsException($"/flags answered something unreadable: {e.Message}", e);
        }
    }
}
