namespace NovaCron.Dwcp.Rehearsal.Traffic;

/// <summary>One step of the distribution that payload sizes are drawn from.</summary>
/// <param name="MinimumBytes">Smallest payload of this step, in bytes, 0 or more.</param>
/// <param name="MaximumBytes">Largest payload of this step, in bytes, inclusive.</param>
/// <param name="Weight">Share of requests relative to the other steps, above 0.</param>
public sealed record PayloadSize(int MinimumBytes, int MaximumBytes, double Weight);
