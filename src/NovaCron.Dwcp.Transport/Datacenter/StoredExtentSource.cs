using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>A committed object that is one file cut into pieces of the bulk path: what a bulk transfer stored. Objects cut by content go through the session.</summary>
internal sealed class StoredExtentSource : IExtentSource
{
    private readonly ObjectReader _reader;
    private readonly List<ChunkLocation> _pieces;
    private readonly byte[] _payload = new byte[Codec.BlockCodec.MaxEncodedLength(BulkLimits.PieceBytes)];

    private StoredExtentSource(ObjectReader reader, EntryHeader entry, List<ChunkLocation> pieces, long length)
    {
        _reader = reader;
        _pieces = pieces;
        Length = length;
        Stored = new BulkStored(entry with { Size = length }, reader.Object.Root);
    }

    public long Length { get; }

    public BulkStored Stored { get; }

    /// <summary>Number of the pack in which the pieces lie one behind another, as a bulk transfer leaves them; null when they are scattered.</summary>
    public int? PlainPack
    {
        get
        {
            for (var piece = 0; piece < _pieces.Count; piece++)
            {
                var location = _pieces[piece];
                if (location.Pack != _pieces[0].Pack || location.Offset != Rdma.PackExtentSource.OffsetOf(piece) || location.StoredLength != location.RawLength + 1) return null;
            }

            return _pieces.Count > 0 ? _pieces[0].Pack : null;
        }
    }

    /// <returns>Null when the object is something else.</returns>
    public static StoredExtentSource? TryOpen(ObjectReader reader)
    {
        if (reader.Object.Entries != 1 || BulkLimits.MaxExtents < (reader.Object.Bytes / BulkLimits.ExtentBytes) + 1) return null;
        EntryHeader? entry = null;
        var pieces = new List<ChunkLocation>();
        long length = 0;
        foreach (var record in reader.ReadBlocks().SelectMany(b => b))
        {
            switch (record.Record.Kind)
            {
                case ManifestRecordKind.Entry when record.Record.Entry is { Kind: EntryKind.File }:
                    entry = record.Record.Entry;
                    break;
                case ManifestRecordKind.Chunk when length == (long)pieces.Count * BulkLimits.PieceBytes:
                    pieces.Add(record.Location);
                    length += record.Record.Length;
                    break;
                case ManifestRecordKind.EndFile:
                    break;
                default:
                    return null;
            }
        }

        return entry is null || length != reader.Object.Bytes ? null : new StoredExtentSource(reader, entry, pieces, length);
    }

    public void ReadPiece(long piece, Span<byte> destination)
    {
        var location = _pieces[(int)piece];
        if (destination.Length != location.RawLength) throw new ArgumentException($"Piece {piece} has {location.RawLength} bytes, not {destination.Length}.", nameof(destination));
        _reader.ReadUnverified(location, _payload, destination);
    }
}
