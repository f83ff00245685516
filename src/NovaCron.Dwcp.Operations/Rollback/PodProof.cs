namespace NovaCron.Dwcp.Operations.Rollback;

/// <summary>What one pod proved.</summary>
/// <param name="Pod">Name of the pod.</param>
/// <param name="Proven">It applied the revision and its v3 session counter stood still afterwards.</param>
/// <param name="AppliedRevision">ConfigMap revision by its own account; null when it did not answer.</param>
/// <param name="V3SessionsStarted">The counter at the end of the proof; null when it did not answer.</param>
/// <param name="Deleted">It did not answer and was removed from service.</param>
/// <param name="Elapsed">From the flag's write to the proof, or to the deletion.</param>
/// <param name="Detail">One sentence for people.</param>
public sealed record PodProof(string Pod, bool Proven, string? AppliedRevision, long? V3SessionsStarted, bool Deleted, TimeSpan Elapsed, string Detail);
