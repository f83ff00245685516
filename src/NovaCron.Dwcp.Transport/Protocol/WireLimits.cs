using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;

namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>Every bound of the v3 protocol in one place; docs/format.md repeats them.</summary>
internal static class WireLimits
{
    /// <summary>The protocol's own version, in Open and OpenReply.</summary>
    public const int ProtocolVersion = 3;

    /// <summary>Feature bit of Open and OpenReply: the bulk path (docs/format.md, "Bulk path").</summary>
    public const ulong BulkFeature = 1UL << 32; // below are the numbers of carriers

    /// <summary>Feature bit of Open and OpenReply: chunks of a Put may travel as differences (docs/format.md, "Similar chunks").</summary>
    public const ulong ResemblanceFeature = 1UL << 33;

    /// <summary>Largest frame before a session is open, bytes.</summary>
    public const int MaxFrameBeforeOpen = 16 * 1024;

    /// <summary>Largest frame, bytes.</summary>
    public const int MaxFrame = 2 * 1024 * 1024;

    /// <summary>Largest stream id.</summary>
    public const int MaxStream = int.MaxValue;

    /// <summary>Streams of one session at once.</summary>
    public const int MaxStreams = 16;

    /// <summary>Segments sent and not answered, or answered and not complete.</summary>
    public const int MaxOpenSegments = 16;

    /// <summary>Records of one segment.</summary>
    public const int MaxRecordsPerSegment = 16 * 1024;

    /// <summary>Bytes of one segment's records.</summary>
    public const int MaxSegmentBytes = 1024 * 1024;

    /// <summary>Chunks of one batch.</summary>
    public const int MaxChunksPerBatch = 16 * 1024;

    /// <summary>Most segments of one object: the sequence number's bound.</summary>
    public const int MaxSegments = int.MaxValue;

    /// <summary>A batch is sent once its payloads reach this, bytes.</summary>
    public const int BatchBytes = 512 * 1024;

    /// <summary>Raw bytes that a sender puts into one segment.</summary>
    public const int SegmentDataBytes = 4 * 1024 * 1024;

    /// <summary>Raw bytes sent before their segments were answered, at most.</summary>
    public const int OptimisticBytes = 8 * 1024 * 1024;

    /// <summary>The same in a session with resemblance, where an answer is worth more: it may tell of similar chunks.</summary>
    public const int OptimisticBytesWithResemblance = 1024 * 1024;

    /// <summary>Bytes of similar chunks that a receiver reads for one segment, at most.</summary>
    public const int MaxSimilarBytes = 4 * 1024 * 1024;

    /// <summary>Pieces of similar chunks that a sender hears of for one segment, at most: as many as those bytes can have.</summary>
    public const int MaxSimilarPieces = (MaxSimilarBytes + FastCdc.DefaultMaximum) / 256;

    /// <summary>Largest offer or answer of a carrier, bytes.</summary>
    public const int MaxCarrierMessage = 4096;

    /// <summary>Offers of one session: each carrier once, and a few to spare.</summary>
    public const int MaxCarrierOffers = 8;

    public const int MaxClientId = 256;
    public const int MaxApiKey = 1024;
    public const int MaxMessage = 2048;
    public const int MaxVersions = 16;
    public const int MaxListed = 256;

    /// <summary>Room for the largest chunk after a batch reached <see cref="BatchBytes"/>.</summary>
    public static int BatchCapacity { get; } = BatchBytes + BlockCodec.MaxEncodedLength(FastCdc.DefaultMaximum) + 1024;
}
