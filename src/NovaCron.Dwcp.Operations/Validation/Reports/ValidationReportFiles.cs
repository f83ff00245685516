using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using NovaCron.Dwcp.Operations.Reports;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Validation.Reports;

/// <summary>Writes a validation report as validation-report.md, .json, .html, .junit.xml, .nunit.xml and .sarif.</summary>
public static class ValidationReportFiles
{
    public const string Name = "validation-report";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes the files and returns their paths.</summary>
    public static async Task<IReadOnlyList<string>> WriteAsync(DwcpValidationReport report, string directory, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(directory);
        var files = new List<string>();
        foreach (var (extension, text) in new (string, Func<string>)[]
        {
            (".md", () => ToDocument(report).ToMarkdown()),
            (".json", () => JsonSerializer.Serialize(report, RolloutJson.Indented) + "\n"),
            (".html", () => HtmlReport.Write(report)),
            (".junit.xml", () => Declared(JUnitReport.Write(report))),
            (".nunit.xml", () => Declared(NUnitReport.Write(report))),
            (".sarif", () => SarifReport.Write(report).ToJsonString(Indented) + "\n"),
        })
        {
            files.Add(Path.Combine(directory, Name + extension));
            await File.WriteAllTextAsync(files[^1], text(), cancellationToken).ConfigureAwait(false);
        }

        return files;
    }

    /// <summary>Reads a report back from its validation-report.json.</summary>
    /// <exception cref="DwcpValidationException">The file is no report.</exception>
    public static async Task<DwcpValidationReport> ReadAsync(string path, CancellationToken cancellationToken = default)
    {
        var text = await File.ReadAllTextAsync(path, cancellationToken).ConfigureAwait(false);
        try
        {
            return JsonSerializer.Deserialize<DwcpValidationReport>(text, RolloutJson.Options) ?? throw NoReport("it is empty");
        }
        catch (JsonException e)
        {
            throw NoReport(e.Message);
        }

        DwcpValidationException NoReport(string why) => new(path, $"is no validation report ({why})", $"Name a {Name}.json that Invoke-DwcpValidation -OutputDirectory wrote.");
    }

    private static string Declared(XDocument document) => $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{document}\n";

    /// <summary>What the report is about.</summary>
    internal static IReadOnlyList<(string Name, string Value)> Facts(DwcpValidationReport report) =>
    [
        ("Report", report.Id),
        ("Cluster, namespace", $"{report.Server}, {report.Namespace}"),
        ("Release", report.Release),
        ("Manifests", report.ManifestHash),
        .. report.Images.Select(i => ($"Image of {i.Component}", $"{i.Reference} ({i.Digest ?? "no digest: not running"})")),
        ("Target profile", report.Profile),
        ("Validated by", report.ValidatedBy),
        ("Started, took", string.Create(CultureInfo.InvariantCulture, $"{report.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, {report.Duration.TotalSeconds:0.0} s")),
        ("Approval", report.Approval is { } a ? string.Create(CultureInfo.InvariantCulture, $"{a.ApprovedBy}, {a.ApprovedAt.UtcDateTime:yyyy-MM-dd HH:mm} UTC: {a.Reason}") : "none"),
        ("Exit code", report.ExitCode.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>The report for people, as text.</summary>
    public static ReportDocument ToDocument(DwcpValidationReport report)
    {
        var document = new ReportDocument($"Validation of {report.Namespace}: {report.DecisionText}");
        document.Paragraph($"{report.DecisionText}: {report.Reason}.");
        document.Table(["", ""], [.. Facts(report).Select(f => new[] { f.Name, f.Value })]);

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
                    c.Explanation,
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
