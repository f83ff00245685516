namespace NovaCron.Dwcp.Operations.Rollback;

/// <summary>One line of a rollback's timeline.</summary>
/// <param name="Time">When it had happened.</param>
/// <param name="Name">Flag, Proof, Evidence, Restart, Verification, Lock or Report.</param>
/// <param name="Succeeded">It did what it should.</param>
/// <param name="Detail">One sentence for people.</param>
public sealed record RollbackStep(DateTimeOffset Time, string Name, bool Succeeded, string Detail);
