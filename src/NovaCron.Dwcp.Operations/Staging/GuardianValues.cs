using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the guardian Deployment.</summary>
public sealed record GuardianValues
{
    /// <summary>One leads, the others stand by. 1..5.</summary>
    [Range(1, 5, ErrorMessage = "1..5")]
    public int Replicas { get; init; } = 2;

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string CpuRequest { get; init; } = "50m";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string CpuLimit { get; init; } = "500m";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string MemoryRequest { get; init; } = "128Mi";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string MemoryLimit { get; init; } = "256Mi";
}
