namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A client without a valid key moves no data.</summary>
internal sealed class WrongKeyCheck() : ValidationCheck(
    "security-wrong-key", CheckCategory.Security, CheckSeverity.Critical, "A session with a wrong API key is refused, in v1 and v3",
    "This is a defect of the node: roll back to a release that refuses.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var version in new[] { 1, 3 })
        {
            var result = await context.TransferAsync($"wrong-key-{version}", r => r with { ApiKey = "wrong-" + r.ApiKey[..8], Bytes = 1024, Versions = [version] }).ConfigureAwait(false);
            if (result.Succeeded)
                problems.Add($"a v{version} transfer with a wrong key succeeded");
            else if (!result.CredentialRefused)
                throw new InconclusiveException($"the v{version} session with a wrong key failed for another reason: {result.Detail}");
        }

        return CheckFinding.Judge(problems, 2, "both versions refuse a wrong key");
    }
}
