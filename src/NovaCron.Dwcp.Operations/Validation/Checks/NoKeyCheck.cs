namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// A stranger, who shows neither key nor client certificate, comes through TLS (a certificate of his own would end there, which <c>security-tls</c> cannot tell
/// from a broken node) and is refused by the session's opening.
/// </summary>
internal sealed class NoKeyCheck() : ValidationCheck(
    "security-no-key", CheckCategory.Security, CheckSeverity.Critical, "A session without key and client certificate is refused, in v1 and v3",
    "This is a defect of the node: roll back to a release that refuses.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        foreach (var version in new[] { 1, 3 })
        {
            var result = await context.TransferAsync($"no-key-{version}", r => r with { ApiKey = "", Bytes = 1024, Versions = [version] }).ConfigureAwait(false);
            if (result.Succeeded)
                problems.Add($"a v{version} transfer without a key succeeded");
            else if (!result.CredentialRefused)
                throw new InconclusiveException($"the v{version} session without a key failed for another reason: {result.Detail}");
        }

        return CheckFinding.Judge(problems, 2, "both versions refuse a stranger");
    }
}
