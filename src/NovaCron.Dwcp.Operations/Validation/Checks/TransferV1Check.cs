namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>The old protocol still moves data.</summary>
internal sealed class TransferV1Check() : ValidationCheck(
    "integration-transfer-v1", CheckCategory.Integration, CheckSeverity.Critical, "A v1 transfer arrives unchanged",
    "Read the nodes' logs; the address must reach port 7420 of Service dwcp-v3.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(1);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken) =>
        TransferJudgement.Judge(await context.TransferAsync("v1", r => r with { Number = 11 }).ConfigureAwait(false), 1);
}
