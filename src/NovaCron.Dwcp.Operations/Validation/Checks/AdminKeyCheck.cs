namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Diagnostics answer only to their key.</summary>
internal sealed class AdminKeyCheck() : ValidationCheck(
    "security-admin-key", CheckCategory.Security, CheckSeverity.Critical, "Diagnostics refuse no key and a wrong key on every node",
    "This is a defect of the node: roll back to a release that refuses.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            foreach (var (what, headers) in new (string, Dictionary<string, string>?)[] { ("no key", null), ("a wrong key", new() { ["X-Dwcp-Key"] = "wrong-" + pod }) })
            {
                var answer = await context.Connection.GetFromPodAsync(context.Namespace, pod, 8081, "/diagnostics/components", headers, cancellationToken: cancellationToken).ConfigureAwait(false);
                if ((int)answer.StatusCode is not (401 or 403))
                    return $"{answer.Target} answered {(int)answer.StatusCode} to {what}, expected 401";
            }

            return null;
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{nodes.Count} nodes refuse both");
    }
}
