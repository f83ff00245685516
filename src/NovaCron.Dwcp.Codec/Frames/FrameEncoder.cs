using System.IO.Hashing;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Codec.Dictionary.References;

namespace NovaCron.Dwcp.Codec.Frames;

/// <summary>
/// Turns content into a frame without doing input or output: content goes in by <see cref="Fill"/>, finished pieces come out in order by
/// <see cref="Take"/>. Up to <c>Threads</c> blocks are encoded at once; with one thread, on the caller's. Not thread-safe.
/// </summary>
internal sealed class FrameEncoder
{
    private readonly int _blockLength;
    private readonly int _threads;
    private readonly long? _announced;
    private readonly DwcpLevel _level;
    private readonly Queue<BlockJob> _pending = new();
    private readonly Stack<BlockJob> _idle = new();
    private BlockJob? _current;
    private readonly FrameHeader _header;
    private readonly DwcpDictionary? _dictionary;

    // Of a windowed frame; touched by the caller's thread only.
    private readonly LongMatchFinder? _finder;
    private readonly GroupHistory? _history;
    private byte[] _index = new byte[64 * FrameIndex.WindowedEntrySize];
    private int _indexLength;
    private long _blocks;
    private long _dispatched;
    private long _content;

    public FrameEncoder(DwcpEncoderOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options.Threads));
        _level = options.Level;
        _blockLength = options.EffectiveBlockLength;
        _threads = options.Threads;
        _announced = options.ContentLength;
        _header = new FrameHeader(_blockLength, _level, _announced, options.EffectiveWindowBits, options.Dictionary?.Id ?? 0);
        _dictionary = options.Dictionary;
        if (_header.IsWindowed)
        {
            _finder = new LongMatchFinder(_header.GroupLength, _blockLength);
            _history = new GroupHistory();
        }

        LevelOfNextBlock = _level == DwcpLevel.Adaptive ? DwcpLevel.Balanced : _level;
    }

    /// <summary>What the next block will be encoded with; moved by the owner when the level is adaptive.</summary>
    public DwcpLevel LevelOfNextBlock { get; set; }

    public bool IsAdaptive => _level == DwcpLevel.Adaptive;

    /// <summary>Whether a piece must be taken before more content fits.</summary>
    public bool MustTake => _pending.Count >= _threads;

    public bool HasPending => _pending.Count > 0;

    public void WriteHeader(Span<byte> destination) => _header.Write(destination);

    /// <summary>Copies content into the current block and sends it off when it is full.</summary>
    /// <returns>The bytes taken; 0 only when <see cref="MustTake"/>.</returns>
    public int Fill(ReadOnlySpan<byte> content)
    {
        if (MustTake)
        {
            return 0;
        }

        BlockJob job = _current ??= _idle.Count > 0 ? _idle.Pop() : new BlockJob();
        byte[] input = job.Input(_blockLength);
        int count = Math.Min(content.Length, _blockLength - job.InputLength);
        content[..count].CopyTo(input.AsSpan(job.InputLength));
        job.InputLength += count;
        if (job.InputLength == _blockLength)
        {
            Dispatch();
        }

        return count;
    }

    /// <summary>Sends off the last block, if it holds anything. Needs room: not <see cref="MustTake"/>.</summary>
    public void Flush()
    {
        if (_current is { InputLength: > 0 })
        {
            Dispatch();
        }
    }

    private void Dispatch()
    {
        BlockJob job = _current!;
        _current = null;
        job.Number = _dispatched++;
        job.Level = LevelOfNextBlock;
        FindReferences(job);
        if (_threads == 1)
        {
            EncodeBlock(job, _blockLength, _dictionary);
        }
        else
        {
            job.Work = Start(job);
        }

        _pending.Enqueue(job);
    }

    // Apart, so that the closure is allocated where there is a task, too.
    private Task Start(BlockJob job) => Task.Run(() => EncodeBlock(job, _blockLength, _dictionary));

    private void FindReferences(BlockJob job)
    {
        if (_finder is null)
        {
            return;
        }

        if (job.Number % _header.GroupBlocks == 0)
        {
            _history!.Restart();
            _finder.Restart();
        }

        ReadOnlySpan<byte> content = job.InputBuffer.AsSpan(0, job.InputLength);
        _finder.Find(content, _history!, job.References);
        job.Reach = job.References.Reach(_history!.Count);
        HdeComponent.RecordReferences(job.References.Count, job.References.Length);
        _history.Add(content, job.References);
    }

    private static void EncodeBlock(BlockJob job, int blockLength, DwcpDictionary? dictionary)
    {
        byte[] output = job.Output(BlockHeader.Size + BlockCodec.MaxEncodedLength(job.InputLength));
        ReadOnlySpan<byte> content = job.InputBuffer.AsSpan(0, job.InputLength);
        int payload = job.HasReferences
            ? ReferenceCoding.Encode(content, job.References, blockLength, output.AsSpan(BlockHeader.Size), job.Level, ref job.Scratch)
            : BlockCodec.Encode(content, output.AsSpan(BlockHeader.Size), job.Level);
        if (dictionary is not null && !job.HasReferences && job.Level != DwcpLevel.Store && content.Length <= DwcpDictionary.MaxPayloadLength)
        {
            payload = Smaller(job, content, output.AsSpan(BlockHeader.Size), payload, dictionary);
        }

        job.Header = new BlockHeader(
            content.Length, payload, job.Level, XxHash3.HashToUInt64(output.AsSpan(BlockHeader.Size, payload), job.Number),
            XxHash128.HashToUInt128(content));
        job.Header.Write(output, job.Number);
        job.OutputLength = BlockHeader.Size + payload;
    }

    /// <summary>Encodes a block behind the dictionary, too, and keeps what is smaller.</summary>
    private static int Smaller(BlockJob job, ReadOnlySpan<byte> content, Span<byte> output, int payload, DwcpDictionary dictionary)
    {
        int room = BlockCodec.MaxEncodedLength(content.Length);
        if (job.Scratch.Length < room)
        {
            job.Scratch = GC.AllocateUninitializedArray<byte>(room);
        }

        int behind = dictionary.EncodeBlock(content, job.Scratch.AsSpan(0, Math.Max(payload - 1, 1)));
        if (behind == 0)
        {
            return payload;
        }

        job.Scratch.AsSpan(0, behind).CopyTo(output);
        return behind;
    }

    /// <summary>The oldest block, encoded; to be waited for by <see cref="BlockJob.Join"/> or its task, written, and given back.</summary>
    public BlockJob Take() => _pending.Dequeue();

    /// <summary>Notes a written block in the index and takes its buffers back.</summary>
    public void Release(BlockJob job)
    {
        int entry = _header.IndexEntrySize;
        if (_indexLength + entry > _index.Length)
        {
            Array.Resize(ref _index, checked(_index.Length * 2));
        }

        FrameIndex.WriteEntry(_index.AsSpan(_indexLength, entry), job.Header.ContentLength, job.Header.PayloadLength, job.Header.ContentHash, job.Reach);
        _indexLength += entry;
        _blocks++;
        _content += job.InputLength;
        job.InputLength = 0;
        job.Work = null;
        _idle.Push(job);
    }

    /// <summary>The end header, the index and the footer. Everything must have been taken and released.</summary>
    /// <exception cref="InvalidOperationException">The content is not as long as was announced.</exception>
    public byte[] Finish()
    {
        if (_announced is { } announced && announced != _content)
        {
            throw new InvalidOperationException($"{announced} bytes of content were announced and {_content} were written.");
        }

        int indexLength = _indexLength + FrameIndex.TailSize;
        byte[] end = new byte[BlockHeader.Size + indexLength + FrameIndex.FooterSize];
        Span<byte> index = end.AsSpan(BlockHeader.Size, indexLength);
        _index.AsSpan(0, _indexLength).CopyTo(index);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(index[_indexLength..], _content);
        UInt128 tree = XxHash128.HashToUInt128(index[.._indexLength]);
        new BlockHeader(0, indexLength, DwcpLevel.Store, XxHash3.HashToUInt64(index, _blocks), tree).Write(end, _blocks);
        FrameIndex.WriteFooter(end.AsSpan(BlockHeader.Size + indexLength), BlockHeader.Size + indexLength);
        return end;
    }
}
