namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>How a transfer stands to others on its path.</summary>
public enum AcpProfile
{
    /// <summary>Takes a fair share.</summary>
    Bulk,

    /// <summary>Takes what nobody else wants: yields as soon as a queue stands or more is lost than usual, whoever's it is (the aim of LEDBAT, RFC 6817).</summary>
    Background,
}
