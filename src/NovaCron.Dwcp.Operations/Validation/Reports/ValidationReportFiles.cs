using System.Globalization;
using NovaCron.Dwcp.Operations.Reports;

namespace NovaCron.Dwcp.Operations.Validation.Reports;

/// <summary>Writes a validation report as validation-report.md, .json and .html.</summary>
public static class ValidationReportFiles
{
    public const string Name = "validation-report";

    /// <summary>Writes the files and returns their paths.</summary>
    public static Task<IReadOnlyList<string>> WriteAsync(DwcpValidationReport report, string directory, CancellationToken cancellationToken = default) =>
        ReportFiles.WriteAsync(ToDocument(report), report, directory, Name, cancellationToken);

    /// <summary>The report for people.</summary>
    public static ReportDocument ToDocument(DwcpValidationReport report)
    {
        var document = new ReportDocument($"Validation of {report.Namespace}: {report.DecisionText}");
        document.Paragraph($"{report.DecisionText}: {report.Reason}.");
        document.Table(["", ""],
        [
            ["Report", report.Id],
            ["Cluster, namespace", $"{report.Server}, {report.Namespace}"],
            ["Release", report.Release],
            ["Manifests", report.ManifestHash],
            .. report.Images.Select(i => new[] { $"Image of {i.Component}", $"{i.Reference} ({i.Digest ?? "no digest: not running"})" }),
            ["Target profile", report.Profile],
            ["Validated by", report.ValidatedBy],
            ["Started, took", string.Create(CultureInfo.InvariantCulture, $"{report.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, {report.Duration.TotalSeconds:0.0} s")],
            ["Approval", report.Approval is { } a ? $"{a.ApprovedBy}, {a.ApprovedAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC: {a.Reason}" : "none"],
            ["Exit code", report.ExitCode.ToString(CultureInfo.InvariantCulture)],
        ]);

        if (report.Fixes.Count > 0)
        {
            document.Heading("What to do");
            document.List(report.Fixes);
        }

        document.Heading("Categories");
        document.Table(["Category", "Percent", "Needs", "Blocking", "Pass", "Fail", "Error", "Skipped"],
        [
            .. report.Categories.Select(c => new[]
            {
                c.Category.ToString(), c.Percent is { } p ? Number(Math.Floor(p * 10) / 10) : "nothing applicable", Number(c.Threshold), c.Blocking ? "yes" : "no",
                Number(c.Passed), Number(c.Failed), Number(c.Errors), Number(c.Skipped),
            }),
        ]);

        foreach (var category in report.Checks.GroupBy(c => c.Category))
        {
            document.Heading(category.Key.ToString());
            document.Table(["Result", "Check", "Severity", "What was seen", "ms"],
            [
                .. category.Select(c => new[]
                {
                    c.Status.ToString().ToUpperInvariant(), $"{c.Id}: {c.Title}", c.Severity.ToString(),
                    c.Remedy.Length > 0 ? $"{c.Detail}. {c.Remedy}" : c.Detail,
                    Number(Math.Round(c.Duration.TotalMilliseconds)),
                }),
            ]);
            var more = category.Where(c => c.Evidence.Count > 1).ToList();
            foreach (var check in more)
            {
                document.Paragraph($"Evidence of {check.Id}:");
                document.Code(string.Join('\n', check.Evidence.Take(20)));
            }
        }

        if (report.Excluded.Count > 0)
        {
            document.Heading("Left out on request");
            document.List([.. report.Excluded.Select(e => $"{e.Key}: {e.Value}")]);
        }

        return document;
    }

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}
