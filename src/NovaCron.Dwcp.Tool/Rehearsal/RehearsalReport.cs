using System.Globalization;
using NovaCron.Dwcp.Operations.Reports;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>The story as a report.</summary>
internal sealed record RehearsalReport
{
    public required IReadOnlyList<RehearsalStep> Steps { get; init; }

    public DwcpValidationReport? Validation { get; init; }

    public RolloutReport? Rollout { get; init; }

    public TrafficSnapshot? Counts { get; init; }

    public IReadOnlyList<TrafficSecond> Series { get; init; } = [];

    public DateTimeOffset? FaultAt { get; init; }

    public DateTimeOffset? RolledBackAt { get; init; }

    /// <summary>What goes into report.json: figures only.</summary>
    public object Summary => new
    {
        Succeeded = Steps.All(step => step.Succeeded),
        Steps,
        Decision = Validation?.DecisionText,
        Validation?.Profile,
        FaultAt,
        RolledBackAt,
        SecondsFromFaultToRollback = (RolledBackAt - FaultAt)?.TotalSeconds,
        Sent = Counts?.Sent,
        Acknowledged = Counts?.Acknowledged,
        Retried = Counts?.Retried,
        ReadBack = Counts?.Verified,
        Lost = Counts?.Lost,
    };

    public ReportDocument Build()
    {
        var document = new ReportDocument("DWCP v3 rehearsal");
        var failed = Steps.FirstOrDefault(step => !step.Succeeded);
        document.Paragraph(failed is null
            ? Text($"All {Steps.Count} steps did what they should, in {Steps.Sum(step => step.Duration.TotalSeconds):0} s on {Environment.ProcessorCount} processors.")
            : $"Step {failed.Number}, {failed.Name}, failed: {failed.Failure}");
        if (FaultAt is { } fault && RolledBackAt is { } rolledBack)
            document.Paragraph(Text($"From the fault to 0 % proven on every pod: {(rolledBack - fault).TotalSeconds:0.0} s."));
        document.Heading("Steps");
        document.Table(["", "Step", "Time", "Result"],
            [.. Steps.Select(step => new[] { Text($"{step.Number}"), step.Name, Text($"{step.Duration.TotalSeconds:0.0} s"), step.Failure ?? "as it should" })]);
        if (Validation is { } validation)
        {
            document.Heading($"Validation: {validation.DecisionText} (profile {validation.Profile})");
            document.Paragraph(validation.Reason);
            document.Table(["Category", "Percent", "Needs", "Passed", "Failed", "Errors", "Skipped"],
                [.. validation.Categories.Select(category => new[]
                {
                    $"{category.Category}", category.Percent is { } percent ? Text($"{percent:0.#}") : "none applicable", Text($"{category.Threshold:0.#}"),
                    Text($"{category.Passed}"), Text($"{category.Failed}"), Text($"{category.Errors}"), Text($"{category.Skipped}"),
                })]);
        }
        if (Counts is { } counts)
        {
            document.Heading("What the clients saw");
            document.Table(["Requests sent", "Acknowledged", "by v1", "by v3", "Failed attempts", "Retried", "Read back and equal", "Lost"],
                [[Text($"{counts.Sent}"), Text($"{counts.Acknowledged}"), Text($"{counts.V1.Acknowledged}"), Text($"{counts.V3.Acknowledged}"), Text($"{counts.FailedAttempts}"),
                    Text($"{counts.Retried}"), Text($"{counts.Verified}"), Text($"{counts.Lost}")]]);
        }
        if (Series.Count > 1)
        {
            document.Chart(new LineChart("Attempts that failed, as clients saw them", "%",
                [Line("v3", second => Share(second.FailedV3, second.AcknowledgedV3)), Line("v1", second => Share(second.FailedV1, second.AcknowledgedV1))], 1, RolledBackAt));
            document.Chart(new LineChart("Time to acknowledgement, all clients, retries included", "ms",
                [Line("P99", second => Known(second.P99Milliseconds)), Line("P50", second => Known(second.P50Milliseconds))], null, RolledBackAt));
            document.Chart(new LineChart("Requests acknowledged", "per second",
                [Line("v3", second => second.AcknowledgedV3), Line("v1", second => second.AcknowledgedV1)], null, RolledBackAt));
        }
        if (Rollout is { } rollout)
        {
            RolloutCharts.AddTo(document, rollout.Series, rollout.Observation.Rollout.Spec.Limits, RolledBackAt);
            document.Heading("What the guardian did");
            document.Table(["Time (UTC)", "State", "Percent", "What", "Detail"],
                [.. rollout.History.Select(entry => new[]
                {
                    entry.Time.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture), $"{entry.State}", Text($"{entry.Percent}"), entry.Reason, entry.Message,
                })]);
        }
        return document;

        ChartLine Line(string name, Func<TrafficSecond, double?> value) => new(name, [.. Series.Select(second => (second.At, value(second)))]);
    }

    private static double? Share(int failed, int acknowledged) => failed + acknowledged == 0 ? null : 100.0 * failed / (failed + acknowledged);

    private static double? Known(double value) => double.IsNaN(value) ? null : value;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
