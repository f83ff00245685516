using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>One record of a manifest, as it travels.</summary>
internal readonly struct ManifestRecord
{
    public ManifestRecordKind Kind { get; private init; }

    /// <summary>Of an entry.</summary>
    public EntryHeader? Entry { get; private init; }

    /// <summary>Of a chunk.</summary>
    public ContentHash Hash { get; private init; }

    /// <summary>Bytes of a chunk or of zeros.</summary>
    public long Length { get; private init; }

    public static ManifestRecord ForEntry(EntryHeader entry) => new() { Kind = ManifestRecordKind.Entry, Entry = entry };

    public static ManifestRecord ForChunk(in ContentHash hash, int length) => new() { Kind = ManifestRecordKind.Chunk, Hash = hash, Length = length };

    public static ManifestRecord ForZeros(long length) => new() { Kind = ManifestRecordKind.Zeros, Length = length };

    public static ManifestRecord ForEndFile() => new() { Kind = ManifestRecordKind.EndFile };

    public static void WriteEntry(WireWriter writer, EntryHeader entry)
    {
        writer.Byte((byte)ManifestRecordKind.Entry);
        entry.Write(writer);
    }

    public static void WriteChunk(WireWriter writer, in ContentHash hash, int length) => writer.Byte((byte)ManifestRecordKind.Chunk).Number(length).Hash(hash);

    public static void WriteZeros(WireWriter writer, long length) => writer.Byte((byte)ManifestRecordKind.Zeros).Number(length);

    public static void WriteEndFile(WireWriter writer) => writer.Byte((byte)ManifestRecordKind.EndFile);

    public static ManifestRecord Read(ref WireReader reader)
    {
        var kind = (ManifestRecordKind)reader.Byte();
        switch (kind)
        {
            case ManifestRecordKind.Entry:
                return new ManifestRecord { Kind = kind, Entry = EntryHeader.Read(ref reader) };
            case ManifestRecordKind.Chunk:
                var length = reader.Count("chunk length", FastCdc.DefaultMaximum);
                if (length == 0) throw new DwcpProtocolException("A chunk has no bytes.");
                return new ManifestRecord { Kind = kind, Length = length, Hash = reader.Hash() };
            case ManifestRecordKind.Zeros:
                var zeros = reader.Number("zeros", EntryHeader.MaxFileBytes);
                if (zeros == 0) throw new DwcpProtocolException("A run of zeros has no bytes.");
                return new ManifestRecord { Kind = kind, Length = zeros };
            case ManifestRecordKind.EndFile:
                return new ManifestRecord { Kind = kind };
            default:
                throw new DwcpProtocolException($"A manifest record has the unknown kind {(byte)kind}.");
        }
    }

    public void Write(WireWriter writer)
    {
        switch (Kind)
        {
            case ManifestRecordKind.Entry: WriteEntry(writer, Entry!); break;
            case ManifestRecordKind.Chunk: WriteChunk(writer, Hash, (int)Length); break;
            case ManifestRecordKind.Zeros: WriteZeros(writer, Length); break;
            case ManifestRecordKind.EndFile: WriteEndFile(writer); break;
            default: throw new InvalidOperationException($"Record kind {Kind} cannot be written.");
        }
    }

    /// <summary>Adds the record to an object's hash.</summary>
    public void AddTo(ObjectHasher hasher)
    {
        switch (Kind)
        {
            case ManifestRecordKind.Entry: hasher.Begin(Entry!); break;
            case ManifestRecordKind.Chunk: hasher.AddChunk(Hash, (int)Length); break;
            case ManifestRecordKind.Zeros: hasher.AddZeros(Length); break;
            case ManifestRecordKind.EndFile: hasher.EndFile(); break;
            default: throw new InvalidOperationException($"Record kind {Kind} has no hash.");
        }
    }
}
