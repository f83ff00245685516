using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Who must say yes before a phase begins.</summary>
public sealed class RolloutApprovalPolicy
{
    /// <summary>Every phase needs a DwcpApproval. Default true.</summary>
    [JsonPropertyName("required")]
    public bool Required { get; set; } = true;

    /// <summary>True: the one who asked for the rollout may approve it too. Default false.</summary>
    [JsonPropertyName("allowRequester")]
    public bool AllowRequester { get; set; }
}
