using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>Payloads of Similar frames: which missing chunks resemble one that the receiver has, and what that consists of (docs/format.md, "Similar chunks").</summary>
internal static class SimilarFrame
{
    /// <summary>Bytes of a payload, at most: no frame of a receiver is longer.</summary>
    public const int MaxBytes = 4096;

    /// <summary>Pieces of a chunk that is told of, at most; a chunk of more is not told of.</summary>
    public const int MaxPieces = (MaxBytes - 96) / ChunkDifference.FingerprintSize;

    /// <summary>Begins a payload.</summary>
    public static void Begin(WireWriter frame, int sequence, ulong seed) => frame.Number(sequence).UInt64(seed);

    /// <summary>True when a chunk of so many pieces has room behind what is written.</summary>
    public static bool HasRoom(WireWriter frame, int pieces) => frame.Length + 3 + ContentHash.Size + 2 + (pieces * ChunkDifference.FingerprintSize) <= MaxBytes;

    public static void Add(WireWriter frame, int index, in ContentHash hash, List<ulong> fingerprints)
    {
        frame.Number(index).Hash(hash).Number(fingerprints.Count);
        foreach (var fingerprint in fingerprints)
        {
            var bytes = frame.Reserve(ChunkDifference.FingerprintSize);
            for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)(fingerprint >> (8 * i));
        }
    }

    /// <summary>Reads what follows the segment's number.</summary>
    /// <param name="reader">Behind the number.</param>
    /// <param name="chunks">Chunks of the segment.</param>
    /// <param name="similar">Filled, by index of the chunk.</param>
    /// <returns>How many pieces they have.</returns>
    /// <exception cref="DwcpProtocolException">A field is out of its bounds, or a chunk named twice.</exception>
    public static int Read(ref WireReader reader, int chunks, Dictionary<int, SimilarChunk> similar)
    {
        var seed = reader.UInt64();
        if (chunks == 0) throw new DwcpProtocolException("Similar chunks are told of for a segment that has no chunks.");
        var pieces = 0;
        while (!reader.AtEnd)
        {
            var index = reader.Count("chunk", chunks - 1);
            _ = reader.Hash(); // names the chunk to whoever reads the frames; a sender needs only its pieces
            var fingerprints = new ulong[reader.Count("pieces", Math.Min(MaxPieces, reader.Remaining / ChunkDifference.FingerprintSize))];
            pieces += fingerprints.Length;
            for (var i = 0; i < fingerprints.Length; i++)
            {
                var bytes = reader.Bytes(ChunkDifference.FingerprintSize);
                for (var j = bytes.Length - 1; j >= 0; j--) fingerprints[i] = fingerprints[i] << 8 | bytes[j];
            }

            if (!similar.TryAdd(index, new SimilarChunk(seed, fingerprints))) throw new DwcpProtocolException($"Two chunks are named that chunk {index} resembles.");
        }

        return pieces;
    }
}
