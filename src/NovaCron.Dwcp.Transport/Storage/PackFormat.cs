using System.IO.Hashing;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>The bytes of packs and of their journals (docs/format.md, "Store").</summary>
internal static class PackFormat
{
    public const string PackExtension = ".pack";
    public const string JournalExtension = ".idx";
    public const string DyingExtension = ".dying";
    public const int HeaderBytes = 16;
    public const int RecordBytes = 48;

    // A group is one commit: at most CommitBytes / 2 bytes a chunk. The bound only keeps a torn length from allocating much.
    public const int MaxRecordsPerGroup = 1 << 24;
    private const int GroupHeaderBytes = 16;
    private const int ChecksumBytes = 8;
    private const uint GroupMagic = 0x3150_5247; // "GRP1"
    private const uint GroupWithFeaturesMagic = 0x3250_5247; // "GRP2"

    public static ReadOnlySpan<byte> PackHeader => "DWCPPACK\x01\0\0\0\0\0\0\0"u8;

    public static ReadOnlySpan<byte> JournalHeader => "DWCPIDX1\x01\0\0\0\0\0\0\0"u8;

    /// <param name="writer">Where to.</param>
    /// <param name="records">The chunks.</param>
    /// <param name="packLength">Bytes of the pack that are synced.</param>
    /// <param name="features">Their super-features, as many; null when none of them has any.</param>
    public static void WriteGroup(
        WireWriter writer, IReadOnlyList<(ContentHash Hash, ChunkLocation Location)> records, long packLength, IReadOnlyList<ChunkFeatures>? features = null)
    {
        var start = writer.Length;
        writer.UInt32(features is null ? GroupMagic : GroupWithFeaturesMagic).UInt32((uint)records.Count).UInt64((ulong)packLength);
        foreach (var (hash, location) in records)
            writer.Hash(hash).UInt64((ulong)location.Offset).UInt32((uint)location.StoredLength).UInt32((uint)location.RawLength);
        foreach (var feature in features ?? []) feature.Write(writer.Reserve(ChunkFeatures.Size));
        writer.UInt64(XxHash3.HashToUInt64(writer.Written[start..]));
    }

    /// <summary>Reads the whole groups at the beginning of <paramref name="bytes"/>.</summary>
    /// <returns>Bytes consumed; what follows is torn, or still being written.</returns>
    public static int ReadGroups(ReadOnlySpan<byte> bytes, int pack, Action<ContentHash, ChunkLocation, ChunkFeatures> found)
    {
        var consumed = 0;
        while (bytes.Length - consumed >= GroupHeaderBytes + ChecksumBytes)
        {
            var rest = bytes[consumed..];
            var reader = new WireReader(rest);
            var magic = reader.UInt32();
            if (magic is not (GroupMagic or GroupWithFeaturesMagic)) break;
            var count = reader.UInt32();
            var packLength = reader.UInt64();
            if (count > MaxRecordsPerGroup) break;
            var features = GroupHeaderBytes + (long)(count * (ulong)RecordBytes);
            var length = features + (magic == GroupWithFeaturesMagic ? (long)(count * (ulong)ChunkFeatures.Size) : 0);
            if (length + ChecksumBytes > rest.Length) break;
            if (new WireReader(rest[(int)length..]).UInt64() != XxHash3.HashToUInt64(rest[..(int)length])) break;
            for (var i = 0U; i < count; i++)
            {
                var hash = reader.Hash();
                var offset = reader.UInt64();
                var stored = reader.UInt32();
                var raw = reader.UInt32();
                // A record that points past what its group synced is damage that the checksum happened to cover; it is no chunk.
                if (offset + stored > packLength) continue;
                var own = length > features ? ChunkFeatures.Read(rest[(int)(features + (i * ChunkFeatures.Size))..]) : default;
                found(hash, new ChunkLocation(pack, (int)stored, (int)raw, (long)offset), own);
            }

            consumed += (int)length + ChecksumBytes;
        }

        return consumed;
    }
}
