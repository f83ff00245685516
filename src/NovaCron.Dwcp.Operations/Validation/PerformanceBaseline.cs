using System.Globalization;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>What the last GO measured, in key <c>baseline</c> of ConfigMap dwcp-v3-validation: what later runs must not fall behind.</summary>
/// <param name="Release">The release that was measured.</param>
/// <param name="Report">The report that it is from.</param>
/// <param name="MeasuredAt">When.</param>
/// <param name="Profile">Target profile; another profile is another machine.</param>
/// <param name="Figures">The figures with their runs.</param>
internal sealed record PerformanceBaseline(string Release, string Report, DateTimeOffset MeasuredAt, string Profile, IReadOnlyList<CheckFigure> Figures)
{
    public const string Key = "baseline";

    /// <summary>A fall by less is nobody's concern, however certain it is.</summary>
    public const double Tolerance = 0.10;

    /// <summary>Quantiles of Student's t, one-sided 99 %, by degrees of freedom from 1. Source: any table of the distribution.</summary>
    private static readonly double[] Student = [31.821, 6.965, 4.541, 3.747, 3.365, 3.143, 2.998, 2.896, 2.821];

    public static PerformanceBaseline From(DwcpValidationReport report) => new(report.Release, report.Id, report.StartedAt, report.Profile,
        report.Checks.FirstOrDefault(c => c.Id == Checks.BaselineCheck.CheckId)?.Figures ?? []);

    public string Serialize() => JsonSerializer.Serialize(this, RolloutJson.Options);

    /// <exception cref="InconclusiveException">It is none.</exception>
    public static PerformanceBaseline Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<PerformanceBaseline>(text, RolloutJson.Options) is { Figures: not null } baseline && baseline.Figures.All(f => f is { Runs: not null, Name: not null })
                ? baseline
                : throw Unreadable("it is empty");
        }
        catch (JsonException e)
        {
            throw Unreadable(e.Message);
        }

        static InconclusiveException Unreadable(string why) =>
            new($"the baseline in ConfigMap {RolloutNames.ValidationConfigMap} cannot be read ({why}); remove its key {Key}, and the next GO writes it anew");
    }

    /// <summary>
    /// How certain a fall is: the change of the mean, and the most favourable change that the runs leave possible (one-sided 99 %), both as a share. The means
    /// of logarithms are compared by Welch's statistic with the smaller number of degrees of freedom, which is the cautious side.
    /// Source: B. L. Welch, "The generalization of Student's problem when several different population variances are involved", Biometrika 34 (1947).
    /// </summary>
    /// <returns>Null when there are too few runs, or one that is no positive number.</returns>
    public static (double Change, double Best)? Compare(CheckFigure before, CheckFigure now)
    {
        if (before.Runs.Count < 2 || now.Runs.Count < 2 || before.Runs.Concat(now.Runs).Any(r => !double.IsFinite(r) || r <= 0))
            return null;
        // Down is worse: where less is better, the sign turns.
        var sign = now.HigherIsBetter ? 1 : -1;
        var (a, b) = (before.Runs.Select(r => sign * Math.Log(r)).ToList(), now.Runs.Select(r => sign * Math.Log(r)).ToList());
        var difference = b.Average() - a.Average();
        var error = Math.Sqrt((Variance(a) / a.Count) + (Variance(b) / b.Count));
        var best = difference + (Student[Math.Min(Math.Min(a.Count, b.Count) - 1, Student.Length) - 1] * error);
        return (Math.Exp(difference) - 1, Math.Exp(best) - 1);
    }

    public string Describe() => string.Create(CultureInfo.InvariantCulture, $"{Release}, {MeasuredAt.UtcDateTime:yyyy-MM-dd}");

    private static double Variance(List<double> values)
    {
        var mean = values.Average();
        return values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1);
    }
}
