namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>A value that may be absent.</summary>
internal sealed record CelOptional(object? Value, bool HasValue)
{
    public static CelOptional None { get; } = new(null, false);
}
