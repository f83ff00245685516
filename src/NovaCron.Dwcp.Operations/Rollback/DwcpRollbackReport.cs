namespace NovaCron.Dwcp.Operations.Rollback;

/// <summary>What a rollback did, proved and saved.</summary>
public sealed record DwcpRollbackReport
{
    public required string Incident { get; init; }

    public required string Namespace { get; init; }

    public required string Reason { get; init; }

    public required string Trigger { get; init; }

    public required string RequestedBy { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Percent before the rollback; null when the ConfigMap could not be read first (which never delays the write).</summary>
    public int? PercentBefore { get; init; }

    /// <summary>When the API server had accepted flag 0.</summary>
    public DateTimeOffset? FlagZeroAt { get; init; }

    /// <summary>ConfigMap revision of flag 0.</summary>
    public string? Revision { get; init; }

    /// <summary>When the last ready pod had proved that it starts no v3 session.</summary>
    public DateTimeOffset? ProvenAt { get; init; }

    public DateTimeOffset? RestartedAt { get; init; }

    public required DateTimeOffset CompletedAt { get; init; }

    public TimeSpan? TimeToFlagZero => FlagZeroAt - StartedAt;

    public TimeSpan? TimeToProof => ProvenAt - StartedAt;

    public TimeSpan Duration => CompletedAt - StartedAt;

    public IReadOnlyList<PodProof> Pods { get; init; } = [];

    public IReadOnlyList<RollbackStep> Timeline { get; init; } = [];

    /// <summary>Files written, when an output directory was given.</summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>Every ready pod proved that v3 takes no new session (or was removed from service).</summary>
    public bool Proven => ProvenAt is not null;

    /// <summary>Proven, restarted where asked for, and healthy afterwards.</summary>
    public bool Succeeded { get; init; }

    /// <summary>What did not work, each a sentence; empty when everything did.</summary>
    public IReadOnlyList<string> Problems { get; init; } = [];

    /// <summary>0 succeeded; 1 the flag is 0 and proven but something after it failed; 2 not proven.</summary>
    public int ExitCode => Succeeded ? 0 : Proven ? 1 : 2;
}
