using System.Buffers.Binary;
using System.IO.Hashing;

namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>
/// Checks and decodes the pieces of one frame in order, without doing input or output: the owner reads headers and payloads from wherever
/// they come and hands them over. Not thread-safe; blocks are decoded on other threads.
/// </summary>
internal sealed class FrameDecoder
{
    private readonly DwcpDecoderOptions _options;
    private readonly FrameHeader _header;
    private readonly int _threads;
    private readonly Queue<BlockJob> _pending = new();
    private readonly Stack<BlockJob> _idle = new();
    private readonly XxHash128 _tree = new();
    private long _number;
    private long _content;
    private UInt128 _expectedTree;

    public FrameDecoder(ReadOnlySpan<byte> header, DwcpDecoderOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options.Threads));
        _options = options;
        _header = FrameHeader.Read(header);
        if (_header.ContentLength > options.MaxContentLength)
        {
            throw new DwcpFormatException($"The frame announces {_header.ContentLength} bytes of content; the limit is {options.MaxContentLength}.");
        }

        // Per block in flight: payload, content, the streams of a transform, and the tables of the coding.
        long each = 3L * _header.BlockLength + 1 + BlockCodec.DecoderWorkingMemory;
        long fit = options.MemoryLimit / each;
        if (fit < 1)
        {
            throw new DwcpFormatException(
                $"Blocks of {_header.BlockLength} bytes need {each} bytes of memory to decode; the limit is {options.MemoryLimit}. Raise the limit, or encode with smaller blocks.");
        }

        _threads = (int)Math.Min(options.Threads, fit);
    }

    public bool Ended { get; private set; }

    public bool MustTake => _pending.Count >= _threads;

    public bool HasPending => _pending.Count > 0;

    /// <summary>The length of the index that follows the end header.</summary>
    public int IndexLength { get; private set; }

    /// <summary>Reads the next block's header.</summary>
    /// <returns>A job whose input is to be filled with the payload, or null at the end header.</returns>
    public BlockJob? Begin(ReadOnlySpan<byte> source)
    {
        BlockHeader header = BlockHeader.Read(source, _number, _header.BlockLength);
        if (header.IsEnd)
        {
            if (header.PayloadLength != _number * FrameIndex.EntrySize + FrameIndex.TailSize)
            {
                throw new DwcpFormatException($"The index of {header.PayloadLength} bytes does not describe the {_number} blocks before it.");
            }

            Ended = true;
            IndexLength = header.PayloadLength;
            _expectedTree = header.ContentHash;
            return null;
        }

        _content += header.ContentLength;
        if (_content > (_header.ContentLength ?? _options.MaxContentLength) || _content > _options.MaxContentLength)
        {
            throw new DwcpFormatException($"The frame holds more than the {_header.ContentLength ?? _options.MaxContentLength} bytes of content that are allowed.");
        }

        Span<byte> entry = stackalloc byte[FrameIndex.EntrySize];
        FrameIndex.WriteEntry(entry, header.ContentLength, header.PayloadLength, header.ContentHash);
        _tree.Append(entry);
        BlockJob job = _idle.Count > 0 ? _idle.Pop() : new BlockJob();
        job.Header = header;
        job.Number = _number++;
        job.InputLength = header.PayloadLength;
        job.Input(header.PayloadLength);
        return job;
    }

    /// <summary>Decodes a job whose payload is complete.</summary>
    public void Dispatch(BlockJob job)
    {
        if (_threads == 1)
        {
            DecodeBlock(job);
        }
        else
        {
            job.Work = Task.Run(() => DecodeBlock(job));
        }

        _pending.Enqueue(job);
    }

    public static void DecodeBlock(BlockJob job)
    {
        ReadOnlySpan<byte> payload = job.InputBuffer.AsSpan(0, job.InputLength);
        if (XxHash3.HashToUInt64(payload, job.Number) != job.Header.PayloadHash)
        {
            throw new DwcpFormatException($"The payload of block {job.Number} is damaged: its checksum does not match. Fetch the archive again.");
        }

        Span<byte> content = job.Output(job.Header.ContentLength).AsSpan(0, job.Header.ContentLength);
        BlockCodec.Decode(payload, content);
        if (XxHash128.HashToUInt128(content) != job.Header.ContentHash)
        {
            throw new DwcpFormatException($"Block {job.Number} did not decode to its content's hash.");
        }

        job.OutputLength = job.Header.ContentLength;
    }

    public BlockJob Take() => _pending.Dequeue();

    public void Release(BlockJob job)
    {
        job.Work = null;
        _idle.Push(job);
    }

    /// <summary>Checks what follows the end header: the index and the footer.</summary>
    public void CheckEnd(ReadOnlySpan<byte> endHeader, ReadOnlySpan<byte> index, ReadOnlySpan<byte> footer)
    {
        BlockHeader end = BlockHeader.Read(endHeader, _number, _header.BlockLength);
        ReadOnlySpan<byte> entries = index[..^FrameIndex.TailSize];
        if (XxHash3.HashToUInt64(index, _number) != end.PayloadHash || XxHash128.HashToUInt128(entries) != _expectedTree
            || _tree.GetCurrentHashAsUInt128() != _expectedTree || BinaryPrimitives.ReadInt64LittleEndian(index[entries.Length..]) != _content)
        {
            throw new DwcpFormatException("The index does not agree with the blocks of the frame.");
        }

        if (_header.ContentLength is { } announced && announced != _content)
        {
            throw new DwcpFormatException($"The frame announced {announced} bytes of content and holds {_content}.");
        }

        if (FrameIndex.ReadFooter(footer) != BlockHeader.Size + index.Length)
        {
            throw new DwcpFormatException("The footer does not point at the end header.");
        }
    }
}
