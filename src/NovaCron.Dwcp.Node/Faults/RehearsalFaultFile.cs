using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Node.Faults;

/// <summary>The content of the fault file.</summary>
/// <param name="V1">What happens to v1 requests, or null for nothing.</param>
/// <param name="V3">What happens to v3 requests, canaries included, or null for nothing.</param>
/// <param name="FreezeMetrics">Scrapes get the last text again.</param>
public sealed record RehearsalFaultFile(InjectedFault? V1 = null, InjectedFault? V3 = null, bool FreezeMetrics = false)
{
    /// <summary>Nothing is injected.</summary>
    public static RehearsalFaultFile None { get; } = new();

    /// <summary>Whether anything is injected.</summary>
    [JsonIgnore]
    public bool IsActive => FreezeMetrics || V1 is { FailShare: > 0 } or { DelayMs: > 0 } || V3 is { FailShare: > 0 } or { DelayMs: > 0 };
}
