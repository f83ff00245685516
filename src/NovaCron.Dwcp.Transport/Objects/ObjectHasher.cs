using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>
/// Computes an object's hash from its entries in order (docs/format.md, "Object hash"), and checks their arithmetic: sizes, nothing outside a file, nothing left open.
/// Sender and receiver each run their own.
/// </summary>
public sealed class ObjectHasher
{
    private const byte EntryPrefix = 0x02;
    private static readonly ContentHash FullZeroLeaf = MerkleTree.ZeroLeaf(FastCdc.DefaultMaximum);

    private readonly MerkleTree _entries = new();
    private readonly MerkleTree _chunks = new();
    private EntryHeader? _file;
    private long _fileBytes;

    /// <summary>Bytes of the files so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Entries so far.</summary>
    public long Entries { get; private set; }

    /// <summary>The file whose contents are being added, or null.</summary>
    public EntryHeader? OpenFile => _file;

    /// <summary>Bytes of the open file so far: where its next chunk goes.</summary>
    public long OpenFileBytes => _fileBytes;

    /// <summary>Begins an entry; a file stays open until <see cref="EndFile"/>.</summary>
    public void Begin(EntryHeader entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (_file is not null) throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, $"The entry '{entry.Path}' begins inside the file '{_file.Path}'.");
        Entries++;
        if (entry.Kind == EntryKind.File)
        {
            _file = entry;
            _fileBytes = 0;
            _chunks.Clear();
        }
        else
        {
            _entries.Add(LeafOf(entry, 0, default));
        }
    }

    /// <summary>Adds a chunk to the open file.</summary>
    public void AddChunk(in ContentHash hash, int length)
    {
        Grow(length);
        _chunks.Add(MerkleTree.ChunkLeaf(hash, length));
    }

    /// <summary>Adds zeros to the open file.</summary>
    public void AddZeros(long length)
    {
        Grow(length);
        _chunks.AddRun(FullZeroLeaf, length / FastCdc.DefaultMaximum);
        if (length % FastCdc.DefaultMaximum is var rest and > 0) _chunks.Add(MerkleTree.ZeroLeaf((int)rest));
    }

    /// <summary>Ends the open file.</summary>
    /// <returns>The hash of its contents.</returns>
    public ContentHash EndFile()
    {
        var file = _file ?? throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, "A file ends where none is open.");
        if (file.Size is { } size && size != _fileBytes)
            throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, $"The file '{file.Path}' was declared with {size} bytes and has {_fileBytes}.");
        var root = _chunks.Root();
        _entries.Add(LeafOf(file, _fileBytes, root));
        if (_fileBytes > EntryHeader.MaxFileBytes - Bytes) throw new DwcpProtocolException(DwcpErrorCode.LimitExceeded, $"The object has more than {EntryHeader.MaxFileBytes} bytes.");
        Bytes += _fileBytes;
        _file = null;
        return root;
    }

    /// <summary>The object's hash.</summary>
    public ContentHash Root()
    {
        if (_file is not null) throw new DwcpProtocolException(DwcpErrorCode.TruncatedManifest, $"The manifest ends inside the file '{_file.Path}'.");
        if (Entries == 0) throw new DwcpProtocolException(DwcpErrorCode.TruncatedManifest, "The manifest has no entry.");
        return _entries.Root();
    }

    private void Grow(long length)
    {
        var file = _file ?? throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, "Contents stand outside of a file.");
        if (length <= 0 || length > EntryHeader.MaxFileBytes - _fileBytes)
            throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, $"The file '{file.Path}' has a piece of {length} bytes.");
        _fileBytes += length;
        if (file.Size is { } size && _fileBytes > size)
            throw new DwcpProtocolException(DwcpErrorCode.ManifestMismatch, $"The file '{file.Path}' was declared with {size} bytes and has more.");
    }

    // The leaf covers what a receiver restores: kind, path, mode, time, target, size, contents. A declared size is left out: the real one is in.
    private static ContentHash LeafOf(EntryHeader entry, long bytes, in ContentHash contents)
    {
        using var writer = new WireWriter();
        writer.Byte(EntryPrefix);
        (entry with { Size = null }).Write(writer);
        if (entry.Kind == EntryKind.File) writer.UInt64((ulong)bytes).Hash(contents);
        return ContentHash.Of(writer.Written);
    }
}
