using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// What a scanner says about an image, from the JSON of trivy or grype, or from SARIF (severity by the rule's <c>security-severity</c>, 9.0 and more
/// is critical, as GitHub reads it).
/// </summary>
internal sealed record ImageScan(string Source, string Text, DateTimeOffset Time, IReadOnlyList<string> Critical)
{
    private const double CriticalScore = 9.0;

    /// <summary>True if the report names the image by its digest.</summary>
    public bool Covers(string digest) => Text.Contains(digest, StringComparison.Ordinal);

    /// <param name="source">Where it is from, for messages.</param>
    /// <param name="text">The report.</param>
    /// <param name="written">When the file was written, for reports that do not say when they were made.</param>
    /// <exception cref="InconclusiveException">It is none of the three forms.</exception>
    public static ImageScan Read(string source, string text, DateTimeOffset written)
    {
        JsonNode? report;
        try
        {
            report = JsonNode.Parse(text);
        }
        catch (JsonException e)
        {
            throw new InconclusiveException($"{source} is no JSON: {e.Message}");
        }

        if (report?["runs"] is JsonArray)
            return new ImageScan(source, text, report.Items("runs").SelectMany(r => r.Items("invocations")).Select(i => i.Moment("endTimeUtc")).FirstOrDefault() ?? written, [.. Sarif(report)]);
        if (report?["matches"] is JsonArray)
            return new ImageScan(source, text, report.Moment("descriptor", "timestamp") ?? written, [.. report.Items("matches").Where(m => IsCritical(m.Text("vulnerability", "severity")))
                .Select(m => $"{m.Text("vulnerability", "id")} in {m.Text("artifact", "name")} {m.Text("artifact", "version")}").Distinct()]);
        // Without a finding trivy may leave the results out; its schema version is always there.
        if (report?["SchemaVersion"] is not null && report["ArtifactName"] is not null && report["Results"] is null or JsonArray)
            return new ImageScan(source, text, report.Moment("CreatedAt") ?? written, [.. report.Items("Results").SelectMany(r => r.Items("Vulnerabilities")).Where(v => IsCritical(v.Text("Severity")))
                .Select(v => $"{v.Text("VulnerabilityID")} in {v.Text("PkgName")} {v.Text("InstalledVersion")}").Distinct()]);
        throw new InconclusiveException($"{source} is neither trivy's nor grype's JSON nor SARIF");
    }

    private static IEnumerable<string> Sarif(JsonNode report)
    {
        foreach (var run in report.Items("runs"))
        {
            var scores = run.Items("tool", "driver", "rules").Concat(run.Items("tool", "extensions").SelectMany(e => e.Items("rules")))
                .Where(r => r.Text("id") is not null).DistinctBy(r => r.Text("id"))
                .ToDictionary(r => r.Text("id")!, r => r.Text("properties", "security-severity"));
            foreach (var id in run.Items("results").Where(r => r.Text("kind") is null or "fail").Select(r => r.Text("ruleId") ?? r.Text("rule", "id") ?? "?").Distinct())
            {
                var text = scores.GetValueOrDefault(id);
                // A finding whose severity cannot be read may be a critical one.
                if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var score))
                    throw new InconclusiveException($"the SARIF report does not say how severe {id} is (security-severity '{text}')");
                if (score >= CriticalScore)
                    yield return id;
            }
        }
    }

    private static bool IsCritical(string? severity) => string.Equals(severity, "critical", StringComparison.OrdinalIgnoreCase);
}
