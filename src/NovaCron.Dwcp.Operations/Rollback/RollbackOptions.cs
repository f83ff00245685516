using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Rollback;

/// <summary>How to roll back. The defaults roll back fully; nothing here can delay the flag.</summary>
public sealed record RollbackOptions
{
    /// <summary>Why, for the report, the lock and the Event.</summary>
    public required string Reason { get; init; }

    /// <summary>Short word of what triggered it: <c>Operator</c>, <c>ErrorRate</c>, ...</summary>
    public string Trigger { get; init; } = RolloutNames.OperatorTrigger;

    /// <summary>Who, for the report; null: the user that the API server authenticates.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>Incident id; null: a new one. The guardian passes its own, so that a repeated rollback stays one incident.</summary>
    public string? Incident { get; init; }

    /// <summary>Percent before the rollback, if the caller knows it; null: as the rollout's status says.</summary>
    public int? PercentBefore { get; init; }

    /// <summary>When the rollback was decided, if that was before this call; durations count from it.</summary>
    public DateTimeOffset? DecidedAt { get; init; }

    /// <summary>When the caller had set flag and ceiling to 0, if it already has.</summary>
    public DateTimeOffset? FlagZeroAt { get; init; }

    /// <summary>How long the flag's write is tried while the API server fails. Default one minute.</summary>
    public TimeSpan FlagTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a pod may take to prove that it took no v3 session any more; then it is deleted.</summary>
    public TimeSpan ProofTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the rolling restart may take before the report says that it did not finish.</summary>
    public TimeSpan RestartTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>False: pods are not restarted after the proof.</summary>
    public bool Restart { get; init; } = true;

    /// <summary>Directory for logs, metrics and the incident report; null: only the report object and the cluster's record.</summary>
    public string? OutputDirectory { get; init; }
}
