using System.Buffers.Binary;
using System.IO.Hashing;
using NovaCron.Dwcp.Codec.Dictionary.References;
using NovaCron.Dwcp.Codec.Frames;

namespace NovaCron.Dwcp.Codec;

/// <summary>A frame in a seekable stream, opened by its index: what is in it, and any part of the content without decoding the rest. Not thread-safe.</summary>
public sealed class DwcpArchive : IDisposable
{
    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly DwcpArchiveBlock[] _blocks;
    private readonly FrameHeader _header;
    private readonly DwcpDictionary? _dictionary;
    private readonly BlockJob _job = new();

    // The block that was read last, and a buffer for those that it refers to.
    private byte[] _content = [];
    private byte[] _spare = [];
    private int _decoded = -1;

    private DwcpArchive(Stream stream, bool leaveOpen, FrameHeader header, DwcpDictionary? dictionary, DwcpArchiveBlock[] blocks, long length, UInt128 tree)
    {
        _dictionary = dictionary;
        _stream = stream;
        _leaveOpen = leaveOpen;
        _header = header;
        _blocks = blocks;
        Length = length;
        TreeHash = tree;
    }

    /// <summary>Bytes of content.</summary>
    public long Length { get; }

    /// <summary>Bytes of the archive.</summary>
    public long EncodedLength => _stream.Length;

    /// <summary>The level that the encoder was asked for.</summary>
    public DwcpLevel Level => _header.Level;

    /// <summary>The longest block, bytes of content.</summary>
    public int BlockLength => _header.BlockLength;

    /// <summary>Bytes of the window that blocks may refer to one another in, or 0 where each stands alone.</summary>
    public int WindowLength => _header.IsWindowed ? 1 << _header.WindowBits : 0;

    /// <summary>Number of the dictionary that the blocks need, or 0.</summary>
    public uint DictionaryId => _header.DictionaryId;

    /// <summary>XXH128 over the index: the same for equal content in equal blocks. Guards against accidents, not against an adversary.</summary>
    public UInt128 TreeHash { get; }

    /// <summary>The blocks in order.</summary>
    public IReadOnlyList<DwcpArchiveBlock> Blocks => _blocks;

    /// <summary>Reads header, footer and index; no block is decoded.</summary>
    /// <param name="stream">Readable and seekable, holding one frame and nothing else.</param>
    /// <param name="options">The limits; the defaults where null.</param>
    /// <param name="leaveOpen">Whether disposing leaves the stream open.</param>
    /// <exception cref="DwcpFormatException">Not a frame, cut off, damaged, or above a limit.</exception>
    public static DwcpArchive Open(Stream stream, DwcpDecoderOptions? options = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= DwcpDecoderOptions.Default;
        byte[] head = new byte[FrameHeader.Size];
        long smallest = FrameHeader.Size + BlockHeader.Size + FrameIndex.TailSize + FrameIndex.FooterSize;
        if (stream.Length < smallest)
        {
            throw new DwcpFormatException($"An archive has {smallest} bytes at least; this has {stream.Length}.");
        }

        ReadAt(stream, 0, head);
        FrameHeader header = FrameHeader.Read(head);
        byte[] footer = new byte[FrameIndex.FooterSize];
        ReadAt(stream, stream.Length - footer.Length, footer);
        int back = FrameIndex.ReadFooter(footer);
        long endAt = stream.Length - footer.Length - back;
        int entrySize = header.IndexEntrySize;
        int count = (back - BlockHeader.Size - FrameIndex.TailSize) / entrySize;
        if (endAt < FrameHeader.Size || BlockHeader.Size + count * entrySize + FrameIndex.TailSize != back)
        {
            throw new DwcpFormatException("The footer of the archive points outside it.");
        }

        // Of a group, the contents of two blocks are in memory at a time: of the one that is read and of one that it refers to; and the literals of one.
        long needed = (header.IsWindowed ? 5L : 3L) * header.BlockLength + BlockCodec.DecoderWorkingMemory + 3L * back;
        if (needed > options.MemoryLimit)
        {
            throw new DwcpFormatException(
                $"The archive's index and blocks need {needed} bytes of memory; the limit is {options.MemoryLimit}. Raise the limit to {(needed + (1 << 20) - 1) >> 20} MiB (MemoryLimit).");
        }

        byte[] end = new byte[back];
        ReadAt(stream, endAt, end);
        BlockHeader endHeader = BlockHeader.Read(end, count, header.BlockLength);
        ReadOnlySpan<byte> index = end.AsSpan(BlockHeader.Size);
        ReadOnlySpan<byte> entries = index[..^FrameIndex.TailSize];
        if (!endHeader.IsEnd || endHeader.PayloadLength != index.Length || XxHash3.HashToUInt64(index, count) != endHeader.PayloadHash
            || XxHash128.HashToUInt128(entries) != endHeader.ContentHash)
        {
            throw new DwcpFormatException("The archive's index is damaged. Fetch the archive again.");
        }

        var blocks = new DwcpArchiveBlock[count];
        long content = 0;
        long position = FrameHeader.Size;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> entry = entries[(i * entrySize)..];
            int contentLength = BinaryPrimitives.ReadInt32LittleEndian(entry);
            int payloadLength = BinaryPrimitives.ReadInt32LittleEndian(entry[4..]);
            int reach = header.IsWindowed ? BinaryPrimitives.ReadInt32LittleEndian(entry[FrameIndex.EntrySize..]) : 0;
            if (reach < 0 || reach > i % header.GroupBlocks || header.IsWindowed && i < count - 1 && contentLength != header.BlockLength)
            {
                throw new DwcpFormatException($"The index says that block {i} refers {reach} blocks back, or gives it a length that it cannot have in a windowed frame.");
            }

            if (contentLength < 1 || contentLength > header.BlockLength || payloadLength < 1 || payloadLength > BlockCodec.MaxEncodedLength(contentLength))
            {
                throw new DwcpFormatException($"The index gives block {i} lengths that no block has.");
            }

            blocks[i] = new DwcpArchiveBlock(content, contentLength, position, payloadLength, BinaryPrimitives.ReadUInt128LittleEndian(entry[8..]), reach);
            content += contentLength;
            position += BlockHeader.Size + payloadLength;
        }

        return position != endAt || content != BinaryPrimitives.ReadInt64LittleEndian(index[entries.Length..]) || content > options.MaxContentLength
            || header.ContentLength is { } announced && announced != content
            ? throw new DwcpFormatException("The archive's index does not agree with its lengths, or its content is above the limit.")
            : new DwcpArchive(stream, leaveOpen, header, options.Dictionary, blocks, content, endHeader.ContentHash);
    }

    /// <summary>
    /// Reads content from <paramref name="offset"/>; only the blocks that hold it are decoded, and those that they refer to. The last of them is kept.
    /// </summary>
    /// <returns>The bytes read: fewer than asked only at the end of the content.</returns>
    /// <exception cref="DwcpFormatException">A block that holds it is damaged.</exception>
    public int Read(long offset, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        int done = 0;
        while (done < destination.Length && offset < Length)
        {
            int number = Find(offset);
            DwcpArchiveBlock block = _blocks[number];
            Load(number);
            int from = (int)(offset - block.ContentOffset);
            int count = Math.Min(destination.Length - done, block.ContentLength - from);
            _content.AsSpan(from, count).CopyTo(destination[done..]);
            done += count;
            offset += count;
        }

        return done;
    }

    private int Find(long offset)
    {
        int low = 0;
        int high = _blocks.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_blocks[middle].ContentOffset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }

    private void Load(int number)
    {
        if (_header.DictionaryId != 0)
        {
            DwcpDictionary.CheckId(_header.DictionaryId, _dictionary);
        }

        if (_decoded == number)
        {
            return;
        }

        _decoded = -1;
        _job.ReplaceOutput(_content);
        Decode(number);
        _content = _job.OutputBuffer;
        if (_job.HasReferences)
        {
            Resolve(number);
        }

        _decoded = number;
    }

    /// <summary>Each block that is referred to is decoded once, and only its own literals: references have depth one.</summary>
    private void Resolve(int number)
    {
        int group = number - number % _header.GroupBlocks;
        Span<byte> content = _content.AsSpan(0, _job.OutputLength);
        UInt128 hash = _job.Header.ContentHash;
        Reference[] references = new Reference[_job.References.Count];
        for (int i = 0; i < references.Length; i++)
        {
            references[i] = _job.References[i];
        }

        Array.Sort(references, static (a, b) => a.Block.CompareTo(b.Block));
        int decoded = -1;
        _job.ReplaceOutput(_spare);
        foreach (Reference reference in references)
        {
            if (reference.Block != decoded)
            {
                decoded = reference.Block;
                Decode(group + decoded);
            }

            GroupHistory.Copy(reference, _job.Result.Span, _job.References, content);
        }

        _spare = _job.OutputBuffer;
        if (XxHash128.HashToUInt128(content) != hash)
        {
            throw new DwcpFormatException($"Block {number} did not decode to its content's hash.");
        }
    }

    private void Decode(int number)
    {
        BlockJob job = _job;
        DwcpArchiveBlock block = _blocks[number];
        Span<byte> head = stackalloc byte[BlockHeader.Size];
        ReadAt(_stream, block.ArchiveOffset, head);
        BlockHeader header = BlockHeader.Read(head, number, _header.BlockLength);
        if (header.ContentLength != block.ContentLength || header.PayloadLength != block.PayloadLength || header.ContentHash != block.ContentHash)
        {
            throw new DwcpFormatException($"Block {number} is not the one that the index names.");
        }

        job.Header = header;
        job.Number = number;
        job.InputLength = header.PayloadLength;
        ReadAt(_stream, block.ArchiveOffset + BlockHeader.Size, job.Input(header.PayloadLength).AsSpan(0, header.PayloadLength));
        FrameDecoder.DecodeBlock(job, _header, _dictionary);
        if (job.Reach != block.Reach)
        {
            throw new DwcpFormatException($"Block {number} refers {job.Reach} blocks back and the index says {block.Reach}.");
        }
    }

    private static void ReadAt(Stream stream, long position, Span<byte> buffer)
    {
        stream.Position = position;
        if (stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
        {
            throw new DwcpFormatException("The archive is cut off.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_leaveOpen)
        {
            _stream.Dispose();
        }
    }
}
