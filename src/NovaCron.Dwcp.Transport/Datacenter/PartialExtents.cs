using System.Buffers.Binary;
using System.IO.Hashing;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>
/// An object that arrives in extents: a file of its whole size, and a journal of the extents in it that were verified (docs/format.md, "Bulk path"). The journal is bound to
/// the source's identity; what it mentions is hashed again before it is believed, so that nothing depends on the order in which a file system wrote.
/// </summary>
internal sealed class PartialExtents : IDisposable
{
    private const int HeaderBytes = 8 + 8 + 8 + BulkLimits.IdentityBytes;
    private const int RecordBytes = 8 + 8 + 8;

    private readonly IStoreFile _data;
    private readonly IStoreFile _journal;
    private readonly byte[] _identity;
    private readonly bool _packed;
    private readonly byte[] _record = new byte[RecordBytes];
    private long _journalLength;

    /// <param name="data">The file.</param>
    /// <param name="journal">Its journal.</param>
    /// <param name="bytes">Size of the object.</param>
    /// <param name="identity">The source's.</param>
    /// <param name="packed">True when the file is to become a pack of the store: a header, and a method byte before every piece.</param>
    public PartialExtents(IStoreFile data, IStoreFile journal, long bytes, ReadOnlySpan<byte> identity, bool packed)
    {
        _data = data;
        _journal = journal;
        _identity = identity.ToArray();
        _packed = packed;
        Map = new ExtentMap(bytes);
    }

    /// <summary>What is here and verified.</summary>
    public ExtentMap Map { get; private set; }

    private static ReadOnlySpan<byte> Magic => "DWCPBLK1\x01\0\0\0\0\0\0\0"u8;

    /// <summary>Bytes of the file once it is whole.</summary>
    public long FileLength => _packed ? Storage.PackFormat.HeaderBytes + Map.Bytes + PieceCount : Map.Bytes;

    public long PieceCount => (Map.Bytes + BulkLimits.PieceBytes - 1) / BulkLimits.PieceBytes;

    /// <summary>Goes on with what is there, or begins anew; reserves the file's space.</summary>
    public void Begin(bool forget, Action<long>? verified, CancellationToken cancellationToken)
    {
        if (forget || !TryResume(verified, cancellationToken)) Restart();
        _data.Reserve(FileLength);
        if (_packed) _data.Write(Storage.PackFormat.PackHeader, 0);
    }

    /// <summary>Where the next record of the journal goes.</summary>
    public long JournalLength => _journalLength;

    /// <summary>Goes on with what another process of this node began and proved.</summary>
    public void Adopt(ExtentMap map, long journalLength)
    {
        Map = map;
        _journalLength = journalLength;
    }

    public int LengthOfPiece(long piece) => (int)Math.Min(BulkLimits.PieceBytes, Map.Bytes - (piece * BulkLimits.PieceBytes));

    /// <summary>Where a piece's payload (with its method byte in a pack) begins.</summary>
    public long OffsetOf(long piece) => _packed ? Storage.PackFormat.HeaderBytes + (piece * (BulkLimits.PieceBytes + 1)) : piece * BulkLimits.PieceBytes;

    /// <summary>Writes a piece.</summary>
    /// <param name="piece">Its number.</param>
    /// <param name="framed">A method byte (0, stored) and the piece's bytes.</param>
    public void Write(long piece, ReadOnlySpan<byte> framed) => _data.Write(_packed ? framed : framed[1..], OffsetOf(piece));

    /// <summary>Remembers that an extent was verified and written.</summary>
    public void Record(int extent, ulong checksum)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_record, extent);
        BinaryPrimitives.WriteUInt64LittleEndian(_record.AsSpan(8), checksum);
        BinaryPrimitives.WriteUInt64LittleEndian(_record.AsSpan(16), XxHash3.HashToUInt64(_record.AsSpan(0, 16)));
        _journal.Write(_record, _journalLength);
        _journalLength += RecordBytes;
        Map.Add(extent);
    }

    /// <summary>Computes the object's hash from what the file holds now; afterwards the file is durable.</summary>
    /// <param name="entry">The object's only entry.</param>
    /// <param name="found">Hears of every piece's hash, in order.</param>
    /// <param name="digested">Hears of the bytes done, now and then.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public ContentHash ComputeDigest(EntryHeader entry, Action<long, ContentHash>? found, Action<long>? digested, CancellationToken cancellationToken)
    {
        _data.Sync();
        var buffer = new byte[BulkLimits.PieceBytes];
        return Digest(
            entry,
            Map.Bytes,
            (piece, destination) => Read(piece, destination),
            buffer,
            found,
            digested,
            cancellationToken);
    }

    /// <summary>The hash of an object that is one file, cut into pieces; the same at the source and at the destination.</summary>
    public static ContentHash Digest(
        EntryHeader entry, long bytes, PieceReader read, byte[] buffer, Action<long, ContentHash>? found, Action<long>? digested, CancellationToken cancellationToken)
    {
        var hasher = new ObjectHasher();
        hasher.Begin(entry);
        for (long piece = 0, offset = 0; offset < bytes; piece++, offset += BulkLimits.PieceBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var span = buffer.AsSpan(0, (int)Math.Min(BulkLimits.PieceBytes, bytes - offset));
            read(piece, span);
            var hash = ContentHash.Of(span);
            hasher.AddChunk(hash, span.Length);
            found?.Invoke(piece, hash);
            digested?.Invoke(offset + span.Length);
        }

        hasher.EndFile();
        return hasher.Root();
    }

    public void Dispose()
    {
        _data.Dispose();
        _journal.Dispose();
    }

    private void Read(long piece, Span<byte> destination)
    {
        if (_data.Read(destination, OffsetOf(piece) + (_packed ? 1 : 0)) != destination.Length)
            throw new StoreIoException($"The file of a bulk transfer ends before piece {piece}.", diskFull: false);
    }

    private bool TryResume(Action<long>? verified, CancellationToken cancellationToken)
    {
        var length = _journal.Length;
        if (length < HeaderBytes || length > HeaderBytes + ((long)RecordBytes * 4 * BulkLimits.MaxExtents)) return false;
        var bytes = new byte[length];
        if (_journal.Read(bytes, 0) != bytes.Length || !IsOurs(bytes)) return false;
        var buffer = new byte[BulkLimits.PieceBytes];
        var position = HeaderBytes;
        for (; bytes.Length - position >= RecordBytes; position += RecordBytes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var record = bytes.AsSpan(position, RecordBytes);
            if (BinaryPrimitives.ReadUInt64LittleEndian(record[16..]) != XxHash3.HashToUInt64(record[..16])) break; // torn
            var extent = BinaryPrimitives.ReadInt64LittleEndian(record);
            if (extent < 0 || extent >= Map.Count || Map[(int)extent] || !Holds((int)extent, BinaryPrimitives.ReadUInt64LittleEndian(record[8..]), buffer)) continue;
            Map.Add((int)extent);
            verified?.Invoke(Map.PresentBytes);
        }

        _journalLength = position;
        return true;
    }

    private bool IsOurs(ReadOnlySpan<byte> journal) =>
        journal.StartsWith(Magic)
        && BinaryPrimitives.ReadInt64LittleEndian(journal[16..]) == Map.Bytes
        && journal.Slice(24, BulkLimits.IdentityBytes).SequenceEqual(_identity);

    private bool Holds(int extent, ulong checksum, byte[] buffer)
    {
        var hash = new XxHash3();
        var left = BulkLimits.LengthOf(Map.Bytes, extent);
        for (var piece = (long)extent * BulkLimits.PiecesPerExtent; left > 0; piece++)
        {
            var span = buffer.AsSpan(0, Math.Min(left, BulkLimits.PieceBytes));
            if (_data.Read(span, OffsetOf(piece) + (_packed ? 1 : 0)) != span.Length) return false;
            hash.Append(span);
            left -= span.Length;
        }

        return hash.GetCurrentHashAsUInt64() == checksum;
    }

    private void Restart()
    {
        var header = new byte[HeaderBytes];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), Map.Bytes);
        _identity.CopyTo(header.AsSpan(24));
        _journal.Truncate(0);
        _journal.Write(header, 0);
        _journalLength = HeaderBytes;
    }
}
