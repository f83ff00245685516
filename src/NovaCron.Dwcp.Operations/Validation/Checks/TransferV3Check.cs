namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>The new protocol moves data: a canary, because the flag says v1.</summary>
internal sealed class TransferV3Check() : ValidationCheck(
    "integration-transfer-v3", CheckCategory.Integration, CheckSeverity.Critical, "A v3 transfer by a canary client arrives unchanged",
    "Read the nodes' logs; the address must reach port 7420 of Service dwcp-v3.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(1);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var key = await context.SecretValueAsync("diagnostics-key").ConfigureAwait(false);
        return TransferJudgement.Judge(await context.TransferAsync("v3", r => r with { Number = 13, CanaryKey = key }).ConfigureAwait(false), 3);
    }
}
