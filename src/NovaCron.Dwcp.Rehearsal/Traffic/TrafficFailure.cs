namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>One failed attempt or unreadable object.</summary>
/// <param name="At">When it was seen.</param>
/// <param name="Request">Number of the request, from 0.</param>
/// <param name="ClientId">Client that sent it.</param>
/// <param name="Version">Protocol version that had been chosen, or 0 when it failed before.</param>
/// <param name="Attempt">Number of the attempt, from 1.</param>
/// <param name="Lost">Whether the request is lost with it.</param>
/// <param name="Error">What the client was told.</param>
public sealed record TrafficFailure(DateTimeOffset At, long Request, string ClientId, int Version, int Attempt, bool Lost, string Error);
