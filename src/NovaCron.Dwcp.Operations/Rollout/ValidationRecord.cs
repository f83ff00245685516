namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A validation's decision as it was recorded in the cluster.</summary>
public sealed record ValidationRecord
{
    /// <summary>GO, REVIEW or NO-GO.</summary>
    public required string Decision { get; init; }

    public required string Release { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Who approved the GO, or waived the REVIEW; null: nobody.</summary>
    public string? ApprovedBy { get; init; }
}
