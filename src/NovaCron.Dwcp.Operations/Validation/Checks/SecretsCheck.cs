using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Generated secrets are there and as strong as they were made.</summary>
internal sealed class SecretsCheck() : ValidationCheck(
    "infra-secrets", CheckCategory.Infrastructure, CheckSeverity.Critical, "The Secrets are complete, strong and different from each other",
    "New-DwcpStaging -RotateSecrets makes new ones.")
{
    private static readonly string[] Keys = ["client-api-key", "ticket-key", "redis-password", "diagnostics-key"];

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var secrets = await context.SecretsAsync().ConfigureAwait(false);
        var problems = new List<string>();
        foreach (var key in new[] { "tls.crt", "tls.key", "ca.crt", "api-keys" }.Where(k => string.IsNullOrWhiteSpace(secrets.GetValueOrDefault(k))))
            problems.Add($"{key} is missing");
        foreach (var key in Keys)
        {
            var value = secrets.GetValueOrDefault(key)?.Trim() ?? "";
            if (value.Length == 0)
                problems.Add($"{key} is missing");
            else if (value.Length < 32 || value.Distinct().Count() < 12)
                // 32 random bytes are 43 characters of at least twelve kinds, except once in 10^20.
                problems.Add($"{key} is too short or too regular to be random");
        }

        if (Keys.Select(k => secrets.GetValueOrDefault(k)).Where(v => !string.IsNullOrEmpty(v)).GroupBy(v => v).Any(g => g.Count() > 1))
            problems.Add("two keys have the same value");
        var redis = await context.SecretAsync(StagingNames.RedisSecret).ConfigureAwait(false);
        if (!redis.GetValueOrDefault("redis.conf", "").Split('\n').Contains($"requirepass {secrets.GetValueOrDefault("redis-password")?.Trim()}"))
            problems.Add("redis.conf does not require the password that the nodes use");
        return CheckFinding.Judge(problems, Keys.Length, "certificate, API keys, ticket key, redis password and diagnostics key are there and strong");
    }
}
