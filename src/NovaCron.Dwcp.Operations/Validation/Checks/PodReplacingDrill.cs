namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A check that judges the drill of a rollback, in which every node pod is replaced. The drill is made once, whoever asks first.</summary>
internal abstract class PodReplacingDrill(string id, CheckCategory category, string title, string remedy) : ValidationCheck(id, category, CheckSeverity.High, title, remedy)
{
    public sealed override CheckPhase Phase => CheckPhase.Drill;

    public sealed override bool ReplacesPods => true;

    public sealed override TimeSpan? TimeLimit => TimeSpan.FromMinutes(5);

    public sealed override Task<string?> WhyNotApplicableAsync(ValidationContext context) => RollbackDrill.WhyNotApplicableAsync(context);

    public sealed override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken) =>
        Judge(await RollbackDrill.ReadAsync(context, cancellationToken).ConfigureAwait(false), context.Profile);

    protected abstract CheckFinding Judge(RollbackDrill drill, ValidationProfile profile);
}
