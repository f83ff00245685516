namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>What came of deploying an image without v1.</summary>
public sealed record V1RemovalReport
{
    public required string Namespace { get; init; }

    /// <summary>The image without v1.</summary>
    public required string Image { get; init; }

    /// <summary>The image that ran before.</summary>
    public required string PreviousImage { get; init; }

    /// <summary>ConfigMap with everything that is needed to deploy the previous one again.</summary>
    public required string Archive { get; init; }

    /// <summary>Every pod runs the image without v1 and serves.</summary>
    public required bool Succeeded { get; init; }

    /// <summary>What happened, in order, one sentence each.</summary>
    public required IReadOnlyList<string> Steps { get; init; }

    /// <summary>0: v1 is gone. 1: it was not removed, and what ran before runs.</summary>
    public int ExitCode => Succeeded ? 0 : 1;
}
