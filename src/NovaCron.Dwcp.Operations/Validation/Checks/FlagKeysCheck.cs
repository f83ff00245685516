using System.Globalization;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A misspelt key is noticed before it is needed.</summary>
internal sealed class FlagKeysCheck() : ValidationCheck(
    "flags-keys", CheckCategory.FeatureFlags, CheckSeverity.Medium, "The ConfigMap has no unknown key, and flag and ceiling are numbers from 0 to 100",
    "Remove or correct the keys that the detail names.")
{
    private static readonly string[] Known =
    [
        "FEATURE_FLAG_V3_ROLLOUT", "FEATURE_FLAG_V3_CEILING", "DWCP_MODE", "PORT", "PROMETHEUS_PORT", "LOG_LEVEL", "REDIS_URL", "DWCP_VERSION",
    ];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var data = (await context.ConfigurationAsync().ConfigureAwait(false))["data"] as JsonObject ?? [];
        var problems = data.Select(d => d.Key).Where(k => !Known.Contains(k)).Select(k => $"unknown key {k}").ToList();
        foreach (var key in Known[..2])
        {
            if (data.Text(key) is { } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent <= 100))
                problems.Add($"{key} is '{text}', expected 0..100");
        }

        return CheckFinding.Judge(problems, data.Count, $"{data.Count} keys, all known and well-formed");
    }
}
