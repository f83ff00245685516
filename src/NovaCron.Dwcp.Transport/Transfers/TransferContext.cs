using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>What one attempt of a transfer counts and obeys; given to a session by <see cref="TransferClient"/>.</summary>
public sealed class TransferContext
{
    /// <summary>The codec's level.</summary>
    public DwcpLevel Level { get; init; } = DwcpLevel.Store;

    /// <summary>False makes the receiver forget what it has: everything travels.</summary>
    public bool Resume { get; init; } = true;

    /// <summary>The counters; they go on over retries.</summary>
    public TransferCounters Counters { get; init; } = new();

    /// <summary>Most bytes a second to send; null for as fast as it goes.</summary>
    public long? MaxRate { get; init; }
}
