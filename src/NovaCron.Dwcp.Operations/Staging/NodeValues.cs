using System.ComponentModel.DataAnnotations;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>Settings of the node Deployment.</summary>
public sealed record NodeValues
{
    /// <summary>Replicas that the autoscaler keeps at least, and that a new Deployment starts with. 2..100.</summary>
    [Range(2, 100, ErrorMessage = "2..100")]
    public int MinimumReplicas { get; init; } = 2;

    [Range(2, 100, ErrorMessage = "2..100")]
    public int MaximumReplicas { get; init; } = 10;

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string CpuRequest { get; init; } = "250m";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string CpuLimit { get; init; } = "2";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string MemoryRequest { get; init; } = "512Mi";

    [RegularExpression(ValueLimits.Quantity, ErrorMessage = ValueLimits.QuantityText)]
    public string MemoryLimit { get; init; } = "2Gi";

    /// <summary>Average CPU use, percent of the request, at which the autoscaler adds pods. 10..100.</summary>
    [Range(10, 100, ErrorMessage = "10..100")]
    public int TargetCpuPercent { get; init; } = 70;

    /// <summary>Time that a stopping pod has to drain its sessions, seconds. 10..3600.</summary>
    [Range(10, 3600, ErrorMessage = "10..3600")]
    public int TerminationGraceSeconds { get; init; } = 60;

    /// <summary>Time between leaving the Service and the signal to stop, seconds, so that no new session is sent to a stopping pod. 1..60.</summary>
    [Range(1, 60, ErrorMessage = "1..60")]
    public int PreStopSeconds { get; init; } = 3;
}
