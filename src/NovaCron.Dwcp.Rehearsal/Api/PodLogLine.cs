namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>One line that a container wrote.</summary>
/// <param name="Time">When it was written.</param>
/// <param name="Text">The line without its end.</param>
public readonly record struct PodLogLine(DateTimeOffset Time, string Text);
