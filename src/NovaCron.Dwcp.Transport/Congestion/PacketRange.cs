namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>Packet numbers from <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
/// <param name="First">The smallest number.</param>
/// <param name="Last">The largest number; not below <paramref name="First"/>.</param>
public readonly record struct PacketRange(long First, long Last);
