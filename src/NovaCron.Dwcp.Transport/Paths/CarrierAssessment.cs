namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>What a carrier thinks of a path.</summary>
/// <param name="Preference">The higher, the sooner it is tried; 0 or less: not on this path. The session's own TCP connection stands at <see cref="Tcp"/>.</param>
/// <param name="Reason">For people: why.</param>
public sealed record CarrierAssessment(double Preference, string Reason)
{
    /// <summary>The preference of going on over the TCP connection that is there already.</summary>
    public const double Tcp = 0.5;
}
