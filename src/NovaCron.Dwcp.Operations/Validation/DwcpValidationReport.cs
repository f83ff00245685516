using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>The answer to "may this go to production?" and everything that it rests on.</summary>
public sealed record DwcpValidationReport
{
    public required string Id { get; init; }

    public required string Namespace { get; init; }

    public required string Server { get; init; }

    /// <summary>Name of the target profile: <c>Production</c> or <c>Rehearsal</c>.</summary>
    public required string Profile { get; init; }

    public required string Release { get; init; }

    public required string ManifestHash { get; init; }

    public required IReadOnlyList<StagedImage> Images { get; init; }

    public required string ValidatedBy { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required TimeSpan Duration { get; init; }

    public required ValidationDecision Decision { get; init; }

    /// <summary>The sentence that explains the decision.</summary>
    public required string Reason { get; init; }

    /// <summary>The shortest list of what to fix for a GO.</summary>
    public required IReadOnlyList<string> Fixes { get; init; }

    public required IReadOnlyList<CategoryResult> Categories { get; init; }

    public required IReadOnlyList<CheckResult> Checks { get; init; }

    /// <summary>Checks that were left out on request: id and reason.</summary>
    public IReadOnlyDictionary<string, string> Excluded { get; init; } = new Dictionary<string, string>();

    /// <summary>True if not all checks ran; such a report is never GO.</summary>
    public bool IsPartial { get; init; }

    /// <summary>The approval that counts for exactly these images and manifests, if there is one.</summary>
    public ValidationApproval? Approval { get; init; }

    /// <summary>0 GO, 2 REVIEW, 3 NO-GO, 4 could not decide.</summary>
    public int ExitCode => Decision switch
    {
        ValidationDecision.Go => 0,
        ValidationDecision.Review => 2,
        ValidationDecision.NoGo => 3,
        _ => 4,
    };

    /// <summary>GO, REVIEW, NO-GO or UNDECIDED.</summary>
    public string DecisionText => Decision switch
    {
        ValidationDecision.Go => "GO",
        ValidationDecision.Review => "REVIEW",
        ValidationDecision.NoGo => "NO-GO",
        _ => "UNDECIDED",
    };
}
