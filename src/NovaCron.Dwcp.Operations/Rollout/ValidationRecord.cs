namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>A validation's decision as it was recorded in the cluster.</summary>
public sealed record ValidationRecord
{
    /// <summary>GO, REVIEW, NO-GO or UNDECIDED. A REVIEW that was waived is recorded as GO.</summary>
    public required string Decision { get; init; }

    public required string Release { get; init; }

    public required DateTimeOffset Time { get; init; }

    /// <summary>Who approved the GO, or waived the REVIEW; null: nobody.</summary>
    public string? ApprovedBy { get; init; }

    /// <summary>Why it is not about what runs now (other images, other manifests), or null.</summary>
    public string? Mismatch { get; init; }
}
