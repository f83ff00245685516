namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Limits of one connection over datagrams.</summary>
public sealed record DatagramConnectionOptions
{
    /// <summary>Bytes of a stream that may wait for its reader; 64 KiB to 1 GiB. 16 MiB fill 1 Gbit/s at 120 ms.</summary>
    public long StreamWindow { get; init; } = 16 << 20;

    /// <summary>Bytes of all streams together that may wait for their readers: the bound of the receiver's memory.</summary>
    public long ConnectionWindow { get; init; } = 64 << 20;

    /// <summary>Bytes that the application may have written ahead on one stream: the bound of the sender's memory a stream.</summary>
    public long SendBuffer { get; init; } = 16 << 20;

    /// <summary>Streams that the peer may have open at once.</summary>
    public long MaximumStreams { get; init; } = 10_000;

    /// <summary>UDP payload that every path must carry (RFC 9000, section 14); probing starts here.</summary>
    public int BaseDatagram { get; init; } = 1200;

    /// <summary>The largest UDP payload that is probed for.</summary>
    public int MaximumDatagram { get; init; } = 1472;

    /// <summary>After this long without an authenticated datagram the connection is over. Longer than the blackouts that must be survived.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Silence after which a keep-alive is sent, so that NATs remember us: below the 30 s that some of them keep a mapping.</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Most bytes per second; 0 for no limit.</summary>
    public double MaximumRate { get; init; }

    /// <summary>A round-trip time measured elsewhere, believed until the first sample; 0 when none is known.</summary>
    public TimeSpan InitialRtt { get; init; }

    /// <summary>Seal with ChaCha20-Poly1305 instead of AES-256-GCM: both ends must agree.</summary>
    public bool UseChaCha { get; init; }

    /// <summary>Packets sealed with one key; smaller only in tests.</summary>
    internal long PacketsPerEpoch { get; init; } = PacketProtection.DefaultPacketsPerEpoch;
}
