using System.Buffers.Binary;
using System.IO.Hashing;
using NovaCron.Dwcp.Codec.Frames;

namespace NovaCron.Dwcp.Codec;

/// <summary>A frame in a seekable stream, opened by its index: what is in it, and any part of the content without decoding the rest. Not thread-safe.</summary>
public sealed class DwcpArchive : IDisposable
{
    private readonly Stream _stream;
    private readonly bool _leaveOpen;
    private readonly DwcpArchiveBlock[] _blocks;
    private readonly FrameHeader _header;
    private readonly BlockJob _job = new();
    private int _decoded = -1;

    private DwcpArchive(Stream stream, bool leaveOpen, FrameHeader header, DwcpArchiveBlock[] blocks, long length, UInt128 tree)
    {
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
        int count = (back - BlockHeader.Size - FrameIndex.TailSize) / FrameIndex.EntrySize;
        if (endAt < FrameHeader.Size || BlockHeader.Size + count * FrameIndex.EntrySize + FrameIndex.TailSize != back)
        {
            throw new DwcpFormatException("The footer of the archive points outside it.");
        }

        if (3L * header.BlockLength + BlockCodec.DecoderWorkingMemory + 3L * back > options.MemoryLimit)
        {
            throw new DwcpFormatException($"The archive's index and blocks need more than the {options.MemoryLimit} bytes of memory that are allowed.");
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
            ReadOnlySpan<byte> entry = entries[(i * FrameIndex.EntrySize)..];
            int contentLength = BinaryPrimitives.ReadInt32LittleEndian(entry);
            int payloadLength = BinaryPrimitives.ReadInt32LittleEndian(entry[4..]);
            if (contentLength < 1 || contentLength > header.BlockLength || payloadLength < 1 || payloadLength > BlockCodec.MaxEncodedLength(contentLength))
            {
                throw new DwcpFormatException($"The index gives block {i} lengths that no block has.");
            }

            blocks[i] = new DwcpArchiveBlock(content, contentLength, position, payloadLength, BinaryPrimitives.ReadUInt128LittleEndian(entry[8..]));
            content += contentLength;
            position += BlockHeader.Size + payloadLength;
        }

        return position != endAt || content != BinaryPrimitives.ReadInt64LittleEndian(index[entries.Length..]) || content > options.MaxContentLength
            || header.ContentLength is { } announced && announced != content
            ? throw new DwcpFormatException("The archive's index does not agree with its lengths, or its content is above the limit.")
            : new DwcpArchive(stream, leaveOpen, header, blocks, content, endHeader.ContentHash);
    }

    /// <summary>Reads content from <paramref name="offset"/>; only the blocks that hold it are decoded, the last of them is kept.</summary>
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
            _job.OutputBuffer.AsSpan(from, count).CopyTo(destination[done..]);
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
        if (_decoded == number)
        {
            return;
        }

        _decoded = -1;
        DwcpArchiveBlock block = _blocks[number];
        Span<byte> head = stackalloc byte[BlockHeader.Size];
        ReadAt(_stream, block.ArchiveOffset, head);
        BlockHeader header = BlockHeader.Read(head, number, _header.BlockLength);
        if (header.ContentLength != block.ContentLength || header.PayloadLength != block.PayloadLength || header.ContentHash != block.ContentHash)
        {
            throw new DwcpFormatException($"Block {number} is not the one that the index names.");
        }

        _job.Header = header;
        _job.Number = number;
        _job.InputLength = header.PayloadLength;
        ReadAt(_stream, block.ArchiveOffset + BlockHeader.Size, _job.Input(header.PayloadLength).AsSpan(0, header.PayloadLength));
        FrameDecoder.DecodeBlock(_job);
        _decoded = number;
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
