namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Strict priorities of streams: a lower number goes first whenever it has something to send.</summary>
public enum StreamPriority
{
    /// <summary>Control messages, commits and people who wait.</summary>
    Interactive = 0,

    /// <summary>Manifest segments: what lets the other side plan.</summary>
    Manifest = 1,

    /// <summary>Data.</summary>
    Bulk = 2,

    /// <summary>Data that may wait for everything else.</summary>
    Background = 3,
}
