namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>The settings that nodes start with are complete and valid.</summary>
internal sealed class ConfigurationCheck() : ValidationCheck(
    "infra-configuration", CheckCategory.Infrastructure, CheckSeverity.High, "ConfigMap dwcp-v3-config is complete and valid",
    "Apply the manifests again (New-DwcpStaging); it writes all keys but flag and ceiling.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var data = (await context.ConfigurationAsync().ConfigureAwait(false))["data"];
        var problems = new List<string>();
        Expect("DWCP_MODE", v => v is "hybrid" or "datacenter" or "internet", "hybrid, datacenter or internet");
        Expect("DWCP_VERSION", v => v.Length > 0, "the release");
        Expect("LOG_LEVEL", v => v is "trace" or "debug" or "info" or "warn" or "error", "a log level");
        Expect("PORT", v => v == "8080", "8080");
        Expect("PROMETHEUS_PORT", v => v == "9090", "9090");
        Expect("REDIS_URL", v => v.Split(':') is [{ Length: > 0 }, var port] && int.TryParse(port, out _), "host:port");
        return CheckFinding.Judge(problems, 6, "all six settings are there and valid");

        void Expect(string key, Func<string, bool> isValid, string expected)
        {
            var value = data.Text(key);
            if (value is null)
                problems.Add($"{key} is missing");
            else if (!isValid(value))
                problems.Add($"{key} is '{value}', expected {expected}");
        }
    }
}
