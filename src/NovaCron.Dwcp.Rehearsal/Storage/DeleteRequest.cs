namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>How an object is deleted.</summary>
public sealed record DeleteRequest
{
    /// <summary>What happens to dependents.</summary>
    public DeletionPropagation Propagation { get; init; } = DeletionPropagation.Background;

    /// <summary>
    /// Seconds a pod may take to end; <c>null</c> takes the pod's own <c>terminationGracePeriodSeconds</c>, 0 removes the object at once.
    /// The kubelet removes a pod whose processes have ended with 0. Meaningless for other kinds.
    /// </summary>
    public long? GracePeriodSeconds { get; init; }

    /// <summary>Delete only the object with this uid.</summary>
    public string? Uid { get; init; }

    /// <summary>Delete only this version of the object.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>Check everything and change nothing.</summary>
    public bool DryRun { get; init; }
}
