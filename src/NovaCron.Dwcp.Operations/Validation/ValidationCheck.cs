namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>
/// One thing that must hold. It looks at the running system, can fail, and says what it saw. Anything that keeps it from deciding may be
/// thrown: the runner makes it an <see cref="CheckStatus.Error"/>.
/// </summary>
internal abstract class ValidationCheck(string id, CheckCategory category, CheckSeverity severity, string title, string remedy)
{
    public string Id { get; } = id;

    public CheckCategory Category { get; } = category;

    public CheckSeverity Severity { get; } = severity;

    public string Title { get; } = title;

    public string Remedy { get; } = remedy;

    public virtual CheckPhase Phase => CheckPhase.Passive;

    /// <summary>The node pods are others afterwards: such checks come last of all, because the others know the pods by name.</summary>
    public virtual bool ReplacesPods => false;

    /// <summary>Its own limit, where the run's does not fit.</summary>
    public virtual TimeSpan? TimeLimit => null;

    /// <summary>Why it cannot apply to what is deployed, or null if it does. Judged by what the cluster says, not only by what was asked for.</summary>
    public virtual Task<string?> WhyNotApplicableAsync(ValidationContext context) => Task.FromResult<string?>(null);

    public abstract Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken);
}
