namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nobody who may read logs learns a secret.</summary>
internal sealed class SecretLogCheck() : ValidationCheck(
    "security-secret-logs", CheckCategory.Security, CheckSeverity.Critical, "No secret is in a log",
    "Fix the line that logs it, then rotate (New-DwcpStaging -RotateSecrets).")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var values = SecretValues.Of(await context.SecretsAsync().ConfigureAwait(false));
        var problems = new List<string>();
        long read = 0;
        foreach (var pod in await context.OurPodsAsync().ConfigureAwait(false))
        {
            foreach (var container in pod.Items("spec", "containers"))
            {
                var log = await context.LogAsync(pod.Name(), container.Text("name") ?? "").ConfigureAwait(false);
                read += log.Length;
                problems.AddRange(values.Where(v => SecretValues.IsIn(log, v.Value)).Select(v => $"the log of pod {pod.Name()} holds the value of {v.Key}"));
            }
        }

        return CheckFinding.Judge(problems, (int)Math.Min(read, int.MaxValue), $"{read} characters of logs hold no secret");
    }
}
