using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The end of v1: what an operator wants of it, and what it takes.</summary>
public sealed class RolloutDeprecation
{
    /// <summary>Name that its approval refers to.</summary>
    public const string Phase = "deprecation";

    /// <summary>True: v1 is switched off once the rollout is completed at 100 % and nobody has used v1 for the window. False: v1 is on.</summary>
    [JsonPropertyName("disableV1")]
    public bool DisableV1 { get; set; }

    /// <summary>How long nobody may have used v1 before it is switched off. Default two days.</summary>
    [JsonPropertyName("window"), JsonConverter(typeof(GoDurationConverter))]
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(48);
}
