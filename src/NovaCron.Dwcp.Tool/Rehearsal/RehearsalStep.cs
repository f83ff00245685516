namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>One step of the story.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Name">What it was to do.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Failure">Why it did not do what it should; null when it did.</param>
public sealed record RehearsalStep(int Number, string Name, DateTimeOffset StartedAt, TimeSpan Duration, string? Failure)
{
    /// <summary>It did what the story says.</summary>
    public bool Succeeded => Failure is null;
}
