using System.Globalization;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Reports;

/// <summary>
/// A validation as SARIF 2.1.0: a rule for each check, a result for each outcome.
/// Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
/// </summary>
internal static class SarifReport
{
    public static JsonObject Write(DwcpValidationReport report) => new()
    {
        ["$schema"] = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        ["version"] = "2.1.0",
        ["runs"] = new JsonArray(new JsonObject
        {
            ["tool"] = new JsonObject
            {
                ["driver"] = new JsonObject
                {
                    ["name"] = "NovaCron DWCP validation",
                    ["version"] = report.Release,
                    ["rules"] = new JsonArray([.. report.Checks.Select(Rule)]),
                },
            },
            ["automationDetails"] = new JsonObject { ["id"] = $"dwcp-validation/{report.Namespace}/{report.Id}" },
            ["invocations"] = new JsonArray(new JsonObject
            {
                // "Could not decide" is the only outcome in which the tool did not do its work.
                ["executionSuccessful"] = report.Decision != ValidationDecision.Undecided,
                ["exitCode"] = report.ExitCode,
                ["exitCodeDescription"] = $"{report.DecisionText}: {report.Reason}",
                ["startTimeUtc"] = Time(report.StartedAt),
                ["endTimeUtc"] = Time(report.StartedAt + report.Duration),
            }),
            ["results"] = new JsonArray([.. report.Checks.Select((check, index) => Result(report, check, index))]),
        }),
    };

    private static JsonNode Rule(CheckResult check) => new JsonObject
    {
        ["id"] = check.Id,
        ["name"] = check.Id,
        ["shortDescription"] = new JsonObject { ["text"] = check.Title },
        ["defaultConfiguration"] = new JsonObject { ["level"] = Level(check.Severity) },
        ["properties"] = new JsonObject { ["category"] = check.Category.ToString(), ["severity"] = check.Severity.ToString() },
    };

    private static JsonNode Result(DwcpValidationReport report, CheckResult check, int index)
    {
        var result = new JsonObject
        {
            ["ruleId"] = check.Id,
            ["ruleIndex"] = index,
            ["kind"] = check.Status switch
            {
                CheckStatus.Pass => "pass",
                CheckStatus.Skipped => "notApplicable",
                _ => "fail",
            },
            // Of other kinds the level must be none (3.27.10).
            ["level"] = check.Status is CheckStatus.Fail or CheckStatus.Error ? Level(check.Severity) : "none",
            ["message"] = new JsonObject
            {
                ["text"] = check.Status == CheckStatus.Error ? $"Could not be judged: {check.Detail}" : check.Explanation,
            },
            ["locations"] = new JsonArray(new JsonObject
            {
                ["logicalLocations"] = new JsonArray(new JsonObject { ["fullyQualifiedName"] = $"{report.Server}/namespaces/{report.Namespace}", ["kind"] = "namespace" }),
            }),
            ["partialFingerprints"] = new JsonObject { ["dwcpCheck/v1"] = $"{report.Namespace}/{check.Id}" },
        };
        if (check.Evidence.Count > 0)
            result["properties"] = new JsonObject { ["evidence"] = new JsonArray([.. check.Evidence.Take(50).Select(e => (JsonNode?)e)]) };
        return result;
    }

    private static string Level(CheckSeverity severity) => severity switch
    {
        CheckSeverity.Critical or CheckSeverity.High => "error",
        CheckSeverity.Medium => "warning",
        _ => "note",
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
