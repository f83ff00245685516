namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What Set-DwcpRollout asks for. Exactly one of <see cref="Percent"/>, <see cref="Phase"/> and <see cref="Next"/> is given.</summary>
public sealed record RolloutRequest
{
    /// <summary>Target percent, 0..100. Less than the present percent lowers at once, without approval.</summary>
    public int? Percent { get; init; }

    /// <summary>Target phase by name.</summary>
    public string? Phase { get; init; }

    /// <summary>Target: the phase after the present one.</summary>
    public bool Next { get; init; }

    /// <summary>Release to roll out; null: DWCP_VERSION of the ConfigMap.</summary>
    public string? Release { get; init; }

    /// <summary>Phases; null: those of the existing rollout, or the defaults.</summary>
    public IReadOnlyList<RolloutPhase>? Phases { get; init; }

    /// <summary>Limits; null: those of the existing rollout, or the defaults.</summary>
    public RolloutLimits? Limits { get; init; }

    /// <summary>Time between checks; null: that of the existing rollout, or 30 s.</summary>
    public TimeSpan? CheckInterval { get; init; }

    /// <summary>Metric sources; null: those of the existing rollout, or the pods alone.</summary>
    public RolloutMetrics? Metrics { get; init; }

    public RolloutApprovalPolicy? Approval { get; init; }

    public RolloutValidationPolicy? Validation { get; init; }

    /// <summary>Id of the incident to acknowledge; without it a locked rollout is refused.</summary>
    public string? AcknowledgeIncident { get; init; }
}
