using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Objects;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>Where a received object goes. Calls come one at a time, in the order of the protocol.</summary>
internal interface IObjectSink : IDisposable
{
    /// <summary>The next entry is about to be received; charge and prepare for it.</summary>
    void Admit(EntryHeader entry, long number);

    /// <summary>Bytes of a file whose size was not declared are about to be received; charge for them.</summary>
    void AdmitBytes(long bytes);

    /// <summary>Looks for a chunk of the sink's own that resembles one with these super-features, and reads it.</summary>
    /// <param name="features">Of the chunk that is missing.</param>
    /// <param name="raw">Filled with the similar chunk, verified; room for the longest.</param>
    /// <param name="hash">Its hash.</param>
    /// <param name="length">Its bytes.</param>
    bool TryReadSimilar(in ChunkFeatures features, Span<byte> raw, out ContentHash hash, out int length)
    {
        hash = default;
        length = 0;
        return false;
    }

    /// <summary>Reads a chunk that <see cref="TryReadSimilar"/> found, again.</summary>
    bool TryRead(in ContentHash hash, int length, Span<byte> raw) => false;

    /// <summary>True when the sink has the chunk, verified, and will find it in <see cref="CompleteSegmentAsync"/>.</summary>
    bool Has(in ReceivedRecord record);

    /// <summary>Takes a verified chunk.</summary>
    /// <param name="record">Which.</param>
    /// <param name="payload">Its encoded bytes; valid during the call only.</param>
    /// <param name="raw">Its bytes; valid during the call only.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Completes when the chunk is safe.</returns>
    ValueTask<Task> StoreAsync(ReceivedRecord record, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> raw, CancellationToken cancellationToken);

    /// <summary>Every chunk of the segment is here; segments complete in order.</summary>
    ValueTask CompleteSegmentAsync(IReadOnlyList<ReceivedRecord> records, CancellationToken cancellationToken);

    /// <summary>Makes the object durable and visible.</summary>
    Task CommitAsync(ContentHash root, long bytes, long entries, CancellationToken cancellationToken);
}
