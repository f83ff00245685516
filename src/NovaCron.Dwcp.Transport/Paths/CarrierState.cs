namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>What a carrier measures.</summary>
/// <param name="RoundTrip">Smoothed; null before the first sample.</param>
/// <param name="SentBytes">Bytes on the wire from this end, repetitions and headers included.</param>
/// <param name="RepeatedBytes">Of those, what had to be sent again.</param>
/// <param name="Rate">Bytes per second at which this end may send now; 0 when nothing limits it.</param>
/// <param name="Silence">Time for which something was awaited from the peer and nothing came; zero when nothing is awaited.</param>
public sealed record CarrierState(TimeSpan? RoundTrip, long SentBytes, long RepeatedBytes, double Rate, TimeSpan Silence);
