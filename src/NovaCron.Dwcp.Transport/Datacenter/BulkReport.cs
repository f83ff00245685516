namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>What the bulk path did with one transfer.</summary>
public sealed record BulkReport
{
    /// <summary>The transport that carried the payload: <c>sockets</c>, <c>shared memory (UCX)</c>, <c>TCP (UCX)</c>, <c>rc_verbs (UCX)</c> ...</summary>
    public required string Transport { get; set; }

    /// <summary>Why that one, one sentence each.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>True when every piece was authenticated by AES-256-GMAC.</summary>
    public required bool Authenticated { get; init; }

    /// <summary>Payload bytes that travelled.</summary>
    public long PayloadBytes { get; internal set; }

    /// <summary>From the first payload byte to the last verified extent: what the path moves, without opening, reserving space and the digest that follows.</summary>
    public TimeSpan PayloadDuration { get; internal set; }

    /// <summary>From there to the cryptographic digest that both sides agreed on.</summary>
    public TimeSpan DigestDuration { get; internal set; }

    /// <summary>Verified payload bytes a second.</summary>
    public double BytesPerSecond => PayloadDuration > TimeSpan.Zero ? PayloadBytes / PayloadDuration.TotalSeconds : 0;
}
