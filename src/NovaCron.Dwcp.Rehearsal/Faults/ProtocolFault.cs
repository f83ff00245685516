namespace NovaCron.Dwcp.Rehearsal.Faults;

/// <summary>What goes wrong with the requests of one protocol version.</summary>
/// <param name="FailShare">The share of requests that fail on the server, 0 to 1.</param>
/// <param name="Delay">How long every request is held up.</param>
public sealed record ProtocolFault(double FailShare, TimeSpan Delay)
{
    /// <summary>Nothing goes wrong.</summary>
    public static ProtocolFault None { get; } = new(0, TimeSpan.Zero);
}
