using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>A transfer that was verified and committed.</summary>
public sealed record TransferResult
{
    /// <summary>The object's path on the node.</summary>
    public required string Path { get; init; }

    /// <summary>The object's hash, computed by both sides.</summary>
    public required ContentHash Root { get; init; }

    /// <summary>User bytes of the object.</summary>
    public required long UserBytes { get; init; }

    /// <summary>Files, directories and links.</summary>
    public required long Entries { get; init; }

    /// <summary>Protocol bytes in both directions, before TLS, over all attempts.</summary>
    public required long WireBytes { get; init; }

    /// <summary>Raw bytes of chunks that travelled, over all attempts.</summary>
    public required long ChunkBytes { get; init; }

    /// <summary>Raw bytes that travelled more than once because an attempt failed.</summary>
    public required long ResentBytes { get; init; }

    /// <summary>Raw bytes that the receiver had already.</summary>
    public required long SkippedBytes { get; init; }

    /// <summary>Raw bytes of chunks that travelled as differences from similar ones that the receiver had, over all attempts.</summary>
    public long SimilarBytes { get; init; }

    /// <summary>From the call to the verified commit.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Percent of the user bytes that did not have to travel: 100 * (1 - wire / user); 0 for an empty object.</summary>
    public double PercentSaved => UserBytes == 0 ? 0 : 100.0 * (1 - ((double)WireBytes / UserBytes));

    /// <summary>User bytes a second, end to end, verified.</summary>
    public double BytesPerSecond => Duration > TimeSpan.Zero ? UserBytes / Duration.TotalSeconds : 0;

    /// <summary>The version that finished it.</summary>
    public required int Version { get; init; }

    /// <summary>Attempts made, at least 1.</summary>
    public required int Attempts { get; init; }

    /// <summary>Round-trip time of the path, or null when it was not measured.</summary>
    public TimeSpan? RoundTrip { get; init; }

    /// <summary>Segments that TCP sent again, or null when the system does not tell.</summary>
    public long? TcpRetransmits { get; init; }

    /// <summary>Percent of the bytes on the wire that were sent again, where the way counts that itself (UDP); null otherwise.</summary>
    public double? RetransmittedPercent { get; init; }

    /// <summary>Median time from sending a batch of chunks to its acknowledgement, or null without any.</summary>
    public TimeSpan? ChunkServiceP50 { get; init; }

    /// <summary>99th percentile of the same.</summary>
    public TimeSpan? ChunkServiceP99 { get; init; }

    /// <summary>The transport used, such as <c>TCP+TLS</c>.</summary>
    public required string Transport { get; init; }

    /// <summary>What the bulk path did, or null when it was not used.</summary>
    public BulkReport? Bulk { get; init; }

    /// <summary>Why that transport and version.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }
}
