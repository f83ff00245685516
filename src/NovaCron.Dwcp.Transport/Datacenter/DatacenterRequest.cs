namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>A client's wish for the bulk path. The node's policy has the last word on whether payload may travel in clear.</summary>
public sealed record DatacenterRequest
{
    /// <summary>What may carry the payload.</summary>
    public BulkCarrier Carriers { get; init; } = BulkCarrier.Sockets | BulkCarrier.Ucx;

    /// <summary>True fails the transfer when the bulk path cannot be had; false falls back to the session itself, and says why.</summary>
    public bool Required { get; init; }

    /// <summary>True refuses anything less than RDMA verbs, and says what is missing.</summary>
    public bool RequireRdma { get; init; }

    /// <summary>True has every piece authenticated by AES-256-GMAC even where the node's policy does not ask for it.</summary>
    public bool Authenticate { get; init; }

    /// <summary>True when the transfer fails rather than go by the session.</summary>
    internal bool IsDemand => Required || RequireRdma;

    /// <summary>Why UCX was tried and given up in this transfer, or null.</summary>
    internal string? UcxFailure { get; init; }

    /// <summary>Called when the receiver verified the last extent, before the digest (<see cref="BulkStatus.VerifiedPendingDigest"/>); or null.</summary>
    public Action? PayloadVerified { get; init; }

    /// <summary>Smaller files go through the session unless the bulk path is required: they are there before it is set up. Bytes.</summary>
    public long MinimumBytes { get; init; } = 64 * 1024 * 1024;
}
