namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What was interrupted is continued, not begun again.</summary>
internal sealed class TransferResumeCheck() : ValidationCheck(
    "integration-resume", CheckCategory.Integration, CheckSeverity.High, "An interrupted v3 transfer resumes and arrives unchanged",
    "Read the nodes' logs; the store must be shared by all nodes (infra-store).")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(2);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var key = await context.SecretValueAsync("diagnostics-key").ConfigureAwait(false);
        var result = await context.TransferAsync("resume", r => r with { Number = 17, Bytes = 16 << 20, CanaryKey = key, Interrupt = true }).ConfigureAwait(false);
        if (result.Succeeded && result.Resumes == 0)
            throw new InconclusiveException("the transfer was over before it could be interrupted");
        return TransferJudgement.Judge(result, 3);
    }
}
