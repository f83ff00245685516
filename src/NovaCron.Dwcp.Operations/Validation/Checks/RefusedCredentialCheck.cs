namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Who shows something else than a valid key moves no data.</summary>
internal abstract class RefusedCredentialCheck(string id, string title, string shown, Func<string, string> spoil) : ValidationCheck(
    id, CheckCategory.Security, CheckSeverity.Critical, title, "This is a defect of the node: roll back to a release that refuses.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var version in new[] { 1, 3 })
        {
            var result = await context.TransferAsync($"{Id}-{version}", r => r with { ApiKey = spoil(r.ApiKey), Bytes = 1024, Versions = [version] }).ConfigureAwait(false);
            if (result.Succeeded)
                problems.Add($"a v{version} transfer {shown} succeeded");
            else if (!result.CredentialRefused)
                throw new InconclusiveException($"the v{version} session {shown} failed for another reason: {result.Detail}");
        }

        return CheckFinding.Judge(problems, 2, $"both versions refuse a client {shown}");
    }
}
