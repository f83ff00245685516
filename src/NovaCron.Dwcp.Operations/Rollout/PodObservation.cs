using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>One node pod as the guardian last saw it.</summary>
public sealed class PodObservation
{
    [JsonPropertyName("name")]
    public string Name { get; set; } = "";

    [JsonPropertyName("ready")]
    public bool Ready { get; set; }

    [JsonPropertyName("restarts")]
    public int Restarts { get; set; }

    /// <summary>ConfigMap revision that the pod has applied, by its own /flags; null when it did not answer.</summary>
    [JsonPropertyName("appliedRevision")]
    public string? AppliedRevision { get; set; }

    /// <summary>min(flag, ceiling) in force on the pod; null when it did not answer.</summary>
    [JsonPropertyName("percent")]
    public int? Percent { get; set; }

    /// <summary>Why the pod could not be judged, when it could not.</summary>
    [JsonPropertyName("problem")]
    public string? Problem { get; set; }
}
