using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec;

/// <summary>
/// The tables and buffers that one block needs while it is coded. Rented for the block and kept for the next one, so that a steady
/// stream of blocks allocates nothing. What a previous block left behind never changes the bytes of the next.
/// </summary>
internal sealed unsafe class BlockWorkspace
{
    // A stack under its own lock: a ConcurrentBag allocates per thread, and the newest workspace is the one still in cache.
    private static readonly Stack<BlockWorkspace> Idle = new();

    private byte[] _output = [];
    private CommandEncoder? _commandEncoder;
    private CommandDecoder? _commandDecoder;
    private SequenceBuffer? _sequences;
    private FastParser? _fast;
    private LazyParser? _balanced;
    private LazyParser? _dense;
    private OptimalParser? _max;
    private NibbleEncoder? _nibbleEncoder;
    private NibbleDecoder? _nibbleDecoder;

    public static BlockWorkspace Rent()
    {
        lock (Idle)
        {
            return Idle.TryPop(out BlockWorkspace? workspace) ? workspace : new BlockWorkspace();
        }
    }

    public static void Return(BlockWorkspace workspace)
    {
        lock (Idle)
        {
            Idle.Push(workspace);
        }
    }

    /// <summary>Encodes a block as segments.</summary>
    /// <returns>The bytes written, or 0 when they would not fit <paramref name="destination"/>.</returns>
    public int EncodeSegments(ReadOnlySpan<byte> block, Span<byte> destination, DwcpLevel level)
    {
        Parser parser = level == DwcpLevel.Fast ? _fast ??= new FastParser(16) : _balanced ??= new LazyParser(5, 17, 16);
        _sequences ??= new SequenceBuffer(CommandCoding.MaxSegment);
        _commandEncoder ??= new CommandEncoder();
        int segmentLength = LevelParameters.Of(level).SegmentLength;
        int room = CommandEncoder.MaxEncoded(segmentLength);
        if (_output.Length < room)
        {
            _output = GC.AllocateUninitializedArray<byte>(room);
        }

        int written = 0;
        RecentOffsets recent = RecentOffsets.Initial;
        fixed (byte* b = block)
        {
            parser.Begin(b, block.Length);
            for (int start = 0; start < block.Length; start += segmentLength)
            {
                int length = Math.Min(segmentLength, block.Length - start);
                parser.Parse(start, start + length, _sequences);
                RecentOffsets after = recent;
                int encoded = _commandEncoder.Encode(b + start, length, _sequences, ref after, _output);
                bool raw = encoded >= length;
                if (raw)
                {
                    encoded = length;
                }
                else
                {
                    recent = after;
                }

                if (destination.Length - written < encoded + 1 + Bytes.MaxVarint)
                {
                    return 0;
                }

                destination[written++] = (byte)(raw ? SegmentKind.Raw : SegmentKind.Commands);
                written += Bytes.WriteVarint(destination[written..], (uint)length);
                (raw ? block.Slice(start, length) : _output.AsSpan(0, encoded)).CopyTo(destination[written..]);
                written += encoded;
            }
        }

        return written;
    }

    /// <summary>Encodes a block as segments in the nibble coding.</summary>
    /// <returns>The bytes written, or 0 when they would not fit <paramref name="destination"/>.</returns>
    public int EncodeNibbles(ReadOnlySpan<byte> block, Span<byte> destination, DwcpLevel level)
    {
        bool optimal = level == DwcpLevel.Max;
        LazyParser? lazy = optimal ? null : _dense ??= new LazyParser(4, 19, 16);
        OptimalParser? priced = optimal ? _max ??= new OptimalParser(19, OptimalParser.EnoughAtMax) : null;
        _sequences ??= new SequenceBuffer(CommandCoding.MaxSegment);
        NibbleEncoder encoder = _nibbleEncoder ??= new NibbleEncoder();
        if (_output.Length < NibbleEncoder.MaxEncoded)
        {
            _output = GC.AllocateUninitializedArray<byte>(NibbleEncoder.MaxEncoded);
        }

        bool text = TextDetector.IsText(block);
        int written = 0;
        RecentOffsets recent = RecentOffsets.Initial;
        encoder.Begin();
        fixed (byte* b = block)
        {
            lazy?.Begin(b, block.Length);
            priced?.Begin(b, block.Length);
            int length;
            for (int start = 0; start < block.Length; start += length)
            {
                length = Math.Min(NibbleCoding.MaxSegment, block.Length - start);

                // Noise has nothing to match and nothing to learn. The models must not see what the decoder will not see, so such a segment
                // is decided on before any of it is encoded.
                bool random = TextDetector.LooksRandom(block.Slice(start, length));
                encoder.Start(b, b + start, text, recent);
                lazy?.Parse(start, start + length, _sequences);
                priced?.Parse(start, start + length, text, recent, encoder, follow: !random, _sequences);
                bool raw = random && TextDetector.HasFewMatches(length, _sequences);
                int encoded = raw ? length : encoder.Finish(b + start + length, _sequences, out recent, _output);
                if (destination.Length - written < encoded + 1 + Bytes.MaxVarint)
                {
                    return 0;
                }

                destination[written++] = (byte)(raw ? SegmentKind.Raw : text ? SegmentKind.TextNibbles : SegmentKind.Nibbles);
                written += Bytes.WriteVarint(destination[written..], (uint)length);
                (raw ? block.Slice(start, length) : _output.AsSpan(0, encoded)).CopyTo(destination[written..]);
                written += encoded;
            }
        }

        return written;
    }

    /// <summary>Decodes segments until <paramref name="block"/> is full; the payload must end there.</summary>
    public void DecodeSegments(ReadOnlySpan<byte> payload, Span<byte> block)
    {
        _commandDecoder ??= new CommandDecoder();
        RecentOffsets recent = RecentOffsets.Initial;
        bool nibbles = false;
        int position = 0;
        while (position < block.Length)
        {
            var kind = (SegmentKind)Bytes.Take(ref payload, 1)[0];
            uint length = Bytes.ReadVarint(ref payload);
            if (length == 0 || length > (uint)(block.Length - position) || length > CommandCoding.MaxSegment)
            {
                throw new DwcpFormatException($"A segment of {length} bytes does not fit the {block.Length - position} left of its block.");
            }

            switch (kind)
            {
                case SegmentKind.Raw:
                    Bytes.Take(ref payload, length).CopyTo(block[position..]);
                    break;
                case SegmentKind.Commands:
                    _commandDecoder.Decode(ref payload, block, position, (int)length, ref recent);
                    break;
                case SegmentKind.Nibbles or SegmentKind.TextNibbles:
                    _nibbleDecoder ??= new NibbleDecoder();
                    if (!nibbles)
                    {
                        _nibbleDecoder.Begin();
                        nibbles = true;
                    }

                    _nibbleDecoder.Decode(ref payload, block, position, (int)length, kind == SegmentKind.TextNibbles, ref recent);
                    break;
                default:
                    throw new DwcpFormatException($"Segment kind {(byte)kind} is unknown; a newer DWCP wrote it.");
            }

            position += (int)length;
        }

        if (!payload.IsEmpty)
        {
            throw new DwcpFormatException($"{payload.Length} bytes follow the last segment of a block.");
        }
    }
}
