namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>What a check found, before the runner adds who it was and how long it took.</summary>
internal sealed record CheckFinding(CheckStatus Status, string Detail, IReadOnlyList<string> Evidence)
{
    /// <summary>What was measured, if anything was.</summary>
    public IReadOnlyList<CheckFigure> Figures { get; init; } = [];

    /// <summary>See <see cref="CheckResult.Cause"/>.</summary>
    public string? Cause { get; init; }

    public static CheckFinding Pass(string detail, params string[] evidence) => new(CheckStatus.Pass, detail, evidence);

    public static CheckFinding Fail(string detail, params string[] evidence) => new(CheckStatus.Fail, detail, evidence);

    /// <summary>Fails with the first problem and the number of others, all as evidence; passes when there is none.</summary>
    /// <param name="problems">What is wrong.</param>
    /// <param name="inspected">How many things were looked at. Having looked at nothing is no pass.</param>
    /// <param name="good">The detail of a pass.</param>
    public static CheckFinding Judge(IReadOnlyList<string> problems, int inspected, string good)
    {
        if (inspected == 0)
            return new CheckFinding(CheckStatus.Error, "there was nothing to look at", []);
        return problems.Count switch
        {
            0 => Pass(good),
            1 => new CheckFinding(CheckStatus.Fail, problems[0], problems),
            _ => new CheckFinding(CheckStatus.Fail, $"{problems[0]} (and {problems.Count - 1} more)", problems),
        };
    }
}
