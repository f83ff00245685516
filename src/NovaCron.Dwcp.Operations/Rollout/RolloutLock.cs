using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Nothing is raised while a lock stands. It falls when spec.acknowledgedIncident names its incident.</summary>
public sealed class RolloutLock
{
    [JsonPropertyName("incident")]
    public string Incident { get; set; } = "";

    [JsonPropertyName("since")]
    public DateTimeOffset Since { get; set; }

    [JsonPropertyName("reason")]
    public string Reason { get; set; } = "";
}
