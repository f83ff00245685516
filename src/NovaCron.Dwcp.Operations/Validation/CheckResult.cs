using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>What one check saw.</summary>
public sealed record CheckResult
{
    public required string Id { get; init; }

    public required CheckCategory Category { get; init; }

    public required string Title { get; init; }

    public required CheckSeverity Severity { get; init; }

    public required CheckStatus Status { get; init; }

    /// <summary>What was seen and what was expected, in one sentence.</summary>
    public required string Detail { get; init; }

    /// <summary>What to do; empty when it passed.</summary>
    public string Remedy { get; init; } = "";

    /// <summary>What the finding rests on: fields, answers, log lines.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>What was measured, if anything was.</summary>
    public IReadOnlyList<CheckFigure> Figures { get; init; } = [];

    /// <summary>What kept it from being judged, without the object that it met it at: many checks stumble over one thing.</summary>
    [JsonIgnore]
    internal string? Cause { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>The detail, and the remedy after it when there is one.</summary>
    [JsonIgnore]
    public string Explanation => Remedy.Length == 0 ? Detail : $"{Detail.TrimEnd('.')}. {Remedy}";

    public int Weight => (int)Severity;
}
