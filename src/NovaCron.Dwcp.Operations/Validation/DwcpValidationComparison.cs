namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>What changed from one validation to a later one.</summary>
public sealed record DwcpValidationComparison
{
    /// <summary>The earlier report.</summary>
    public required DwcpValidationReport Reference { get; init; }

    /// <summary>The later report.</summary>
    public required DwcpValidationReport Difference { get; init; }

    /// <summary>Checks whose outcome differs, worst first. Those that only one of the reports has are among them.</summary>
    public required IReadOnlyList<CheckChange> Checks { get; init; }

    /// <summary>What both measured.</summary>
    public required IReadOnlyList<FigureChange> Figures { get; init; }

    /// <summary>True if both are about the same images and manifests.</summary>
    public required bool IsSameDeployment { get; init; }

    /// <summary>Checks that passed and do not any more.</summary>
    public IReadOnlyList<CheckChange> Regressions => [.. Checks.Where(c => c.IsRegression)];

    /// <summary>0 when nothing got worse, 1 when a check regressed.</summary>
    public int ExitCode => Regressions.Count > 0 ? 1 : 0;

    /// <summary>Compares two reports.</summary>
    public static DwcpValidationComparison Of(DwcpValidationReport reference, DwcpValidationReport difference)
    {
        var before = reference.Checks.ToDictionary(c => c.Id, StringComparer.Ordinal);
        var after = difference.Checks.ToDictionary(c => c.Id, StringComparer.Ordinal);
        var checks = before.Keys.Union(after.Keys)
            .Select(id => new CheckChange(id, (after.GetValueOrDefault(id) ?? before[id]).Category, (after.GetValueOrDefault(id) ?? before[id]).Severity,
                before.GetValueOrDefault(id)?.Status, after.GetValueOrDefault(id)?.Status, (after.GetValueOrDefault(id) ?? before[id]).Detail))
            .Where(c => c.Before != c.After)
            .OrderByDescending(c => c.IsRegression).ThenByDescending(c => c.Severity).ThenBy(c => c.Category).ThenBy(c => c.Id, StringComparer.Ordinal).ToList();
        var figures = difference.Checks.SelectMany(c => c.Figures.Select(f => (c.Id, After: f)))
            .Select(f => (f.Id, f.After, Before: before.GetValueOrDefault(f.Id)?.Figures.FirstOrDefault(b => b.Name == f.After.Name && b.Unit == f.After.Unit)))
            .Where(f => f.Before is not null).Select(f => new FigureChange(f.Id, f.After.Name, f.After.Unit, f.Before!.Value, f.After.Value, f.After.HigherIsBetter)).ToList();
        return new DwcpValidationComparison
        {
            Reference = reference,
            Difference = difference,
            Checks = checks,
            Figures = figures,
            IsSameDeployment = reference.ManifestHash == difference.ManifestHash
                && ValidationRecords.Digests(reference.Images) is { Count: > 0 } digests && digests.SequenceEqual(ValidationRecords.Digests(difference.Images)),
        };
    }
}
