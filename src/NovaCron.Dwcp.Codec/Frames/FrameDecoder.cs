using System.Buffers.Binary;
using System.IO.Hashing;
using NovaCron.Dwcp.Codec.Dictionary.References;

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

    // Of a windowed frame; touched by the owner's thread only.
    private readonly GroupHistory? _history;
    private bool _shortBlockSeen;
    private long _number;
    private long _content;
    private UInt128 _expectedTree;

    public FrameDecoder(ReadOnlySpan<byte> header, DwcpDecoderOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options.Threads));
        _options = options;
        _header = FrameHeader.Read(header);
        if (_header.DictionaryId != 0)
        {
            DwcpDictionary.CheckId(_header.DictionaryId, options.Dictionary);
        }

        if (_header.ContentLength > options.MaxContentLength)
        {
            throw new DwcpFormatException($"The frame announces {_header.ContentLength} bytes of content; the limit is {options.MaxContentLength}.");
        }

        // Per block in flight: payload, content, the streams of a transform, and the tables of the coding; and literals where there are references.
        long each = (_header.IsWindowed ? 4L : 3L) * _header.BlockLength + 1 + BlockCodec.DecoderWorkingMemory;
        long fit = (options.MemoryLimit - _header.GroupLength) / each;
        if (fit < 1)
        {
            throw TooLarge(_header, _header.GroupLength + each, options);
        }

        if (_header.IsWindowed)
        {
            _history = new GroupHistory();
        }

        _threads = (int)Math.Min(options.Threads, fit);
    }

    /// <summary>What to say of a frame that needs more memory than is allowed.</summary>
    public static DwcpFormatException TooLarge(FrameHeader header, long needed, DwcpDecoderOptions options) => new(
        $"{(header.IsWindowed ? $"A window of {header.GroupLength} bytes with blocks" : "Blocks")} of {header.BlockLength} bytes needs {needed} bytes of memory to decode; "
        + $"the limit is {options.MemoryLimit}. Raise the limit to {(needed + (1 << 20) - 1) >> 20} MiB (MemoryLimit; dwcp expand --memory), or encode with {(header.IsWindowed ? "a shorter window" : "smaller blocks")}.");

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
            if (header.PayloadLength != _number * _header.IndexEntrySize + FrameIndex.TailSize)
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

        if (_header.IsWindowed && _shortBlockSeen)
        {
            throw new DwcpFormatException($"Block {_number} follows one that is shorter than the others; in a windowed frame only the last is.");
        }

        _shortBlockSeen = header.ContentLength < _header.BlockLength;
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
            DecodeBlock(job, _header, _options.Dictionary);
        }
        else
        {
            job.Work = Start(job);
        }

        _pending.Enqueue(job);
    }

    // Apart, so that the closure is allocated where there is a task, too.
    private Task Start(BlockJob job) => Task.Run(() => DecodeBlock(job, _header, _options.Dictionary));

    /// <summary>Checks a payload and decodes it: all of the block, or where it has references, its literals.</summary>
    public static void DecodeBlock(BlockJob job, FrameHeader header, DwcpDictionary? dictionary)
    {
        ReadOnlySpan<byte> payload = job.InputBuffer.AsSpan(0, job.InputLength);
        if (XxHash3.HashToUInt64(payload, job.Number) != job.Header.PayloadHash)
        {
            throw new DwcpFormatException($"The payload of block {job.Number} is damaged: its checksum does not match. Fetch the archive again.");
        }

        Span<byte> content = job.Output(job.Header.ContentLength).AsSpan(0, job.Header.ContentLength);
        job.OutputLength = job.Header.ContentLength;
        job.Reach = 0;
        if (header.IsWindowed && payload[0] == BlockCodec.MethodReferences)
        {
            int number = (int)(job.Number % header.GroupBlocks);
            ReferenceCoding.Decode(payload[1..], content, number, header.BlockLength, job.References, ref job.Scratch);
            job.Reach = job.References.Reach(number);
            return;
        }

        if (header.IsWindowed)
        {
            job.References.Clear();
        }

        DwcpDictionary.DecodeBlock(payload, content, header.DictionaryId != 0 ? dictionary : null);
        CheckContent(job);
    }

    /// <summary>Checks that a block is what it should be.</summary>
    public static void CheckContent(BlockJob job)
    {
        if (XxHash128.HashToUInt128(job.Result.Span) != job.Header.ContentHash)
        {
            throw new DwcpFormatException($"Block {job.Number} did not decode to its content's hash.");
        }
    }

    public BlockJob Take() => _pending.Dequeue();

    /// <summary>Makes a block whole once its work is done: copies what it takes from those before, and notes it for the check at the end.</summary>
    public void Complete(BlockJob job)
    {
        if (_history is not null)
        {
            if (job.Number % _header.GroupBlocks == 0)
            {
                _history.Restart();
            }

            if (job.HasReferences)
            {
                _history.Resolve(job.References, job.OutputBuffer.AsSpan(0, job.OutputLength));
                CheckContent(job);
            }
        }

        Span<byte> entry = stackalloc byte[_header.IndexEntrySize];
        FrameIndex.WriteEntry(entry, job.Header.ContentLength, job.Header.PayloadLength, job.Header.ContentHash, job.Reach);
        _tree.Append(entry);
    }

    public void Release(BlockJob job)
    {
        if (_history is not null)
        {
            job.ReplaceOutput(_history.Exchange(job.OutputBuffer, job.OutputLength, job.References));
        }

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
