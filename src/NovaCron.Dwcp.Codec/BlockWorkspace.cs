using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;
using NovaCron.Dwcp.Codec.Transforms;

namespace NovaCron.Dwcp.Codec;

/// <summary>
/// The tables and buffers that one block needs while it is coded. Rented for the block and kept for the next one, so that a steady
/// stream of blocks allocates nothing. What a previous block left behind never changes the bytes of the next.
/// </summary>
internal sealed unsafe class BlockWorkspace
{
    // A stack under its own lock: a ConcurrentBag allocates per thread, and the newest workspace is the one still in cache.
    private static readonly Stack<BlockWorkspace> Idle = new();

    /// <summary>A transform is judged on this much of a block, from its middle; less, and lines of a scrape or records of a page do not come back.</summary>
    private const int TransformSample = 1 << 20;

    /// <summary>The mixed coding is judged on this much of a block: it takes half a second.</summary>
    private const int MixedSample = 1 << 18;

    private byte[] _output = [];
    private byte[] _trial = [];
    private CommandEncoder? _commandEncoder;
    private CommandDecoder? _commandDecoder;
    private SequenceBuffer? _sequences;
    private FastParser? _fast;
    private LazyParser? _balanced;
    private OptimalParser? _dense;
    private OptimalParser? _max;
    private NibbleEncoder? _nibbleEncoder;
    private NibbleDecoder? _nibbleDecoder;
    private MixedCoder? _mixed;
    private byte[] _mixedTrial = [];
    private TransformRegistry? _transforms;
    private TransformStreams? _streams;

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

    /// <summary>Encodes a block as a transform's streams, if one helps.</summary>
    /// <returns>The bytes written, or 0 when none helps or they would not fit <paramref name="destination"/>.</returns>
    public int EncodeTransformed(ReadOnlySpan<byte> block, Span<byte> destination, DwcpLevel level)
    {
        _transforms ??= new TransformRegistry();
        _streams ??= new TransformStreams();
        ReadOnlySpan<byte> sample = block.Length <= TransformSample ? block : block.Slice((block.Length - TransformSample) / 2, TransformSample);
        int plain = 0;
        long best = long.MaxValue;
        ITransform? chosen = null;
        int chosenWay = 0;
        foreach (ITransform transform in _transforms.All)
        {
            for (int way = 0; way < transform.Ways && !transform.InPlace; way++)
            {
                if (transform.TryForward(sample, _streams, way))
                {
                    plain = plain > 0 ? plain : Cost(sample);
                    long cost = StreamsCost();
                    if (cost < best && IsWorth(cost, plain))
                    {
                        best = cost;
                        chosen = transform;
                        chosenWay = way;
                    }
                }
            }
        }

        if (chosen is not null && chosen.TryForward(block, _streams, chosenWay) && (sample.Length == block.Length || IsWorth(StreamsCost(), Cost(block))))
        {
            return Write(chosen, block.Length, destination, level);
        }

        foreach (ITransform transform in _transforms.All)
        {
            if (transform.InPlace && transform.TryForward(block, _streams, 0))
            {
                return Write(transform, block.Length, destination, level);
            }
        }

        return 0;
    }

    /// <summary>A transform must save a fiftieth, for what it costs in time.</summary>
    private static bool IsWorth(long transformed, long plain) => transformed < plain - plain / 50;

    private int Write(ITransform transform, int length, Span<byte> destination, DwcpLevel level)
    {
        int written = WriteStreams(transform, destination, level);
        if (written > 0)
        {
            AmstComponent.RecordTransformed(transform.Id, length);
        }

        return written;
    }

    /// <summary>
    /// What the streams take about, bytes, measured with the coder of level Balanced, which is several times as fast as the one that will be used.
    /// </summary>
    private long StreamsCost()
    {
        long cost = 0;
        for (int i = 0; i < _streams!.Count; i++)
        {
            cost += Cost(_streams[i]);
        }

        return cost;
    }

    /// <summary>What a stream takes about, bytes.</summary>
    private int Cost(ReadOnlySpan<byte> stream)
    {
        if (stream.IsEmpty)
        {
            return 0;
        }

        if (_trial.Length < stream.Length)
        {
            _trial = GC.AllocateUninitializedArray<byte>(Math.Max(stream.Length, TransformSample));
        }

        int encoded = EncodeSegments(stream, _trial.AsSpan(0, stream.Length), DwcpLevel.Balanced);
        return encoded > 0 ? encoded : stream.Length;
    }

    private int WriteStreams(ITransform transform, Span<byte> destination, DwcpLevel level)
    {
        TransformStreams streams = _streams!;
        ReadOnlySpan<byte> parameters = streams.Parameters;
        if (destination.Length < parameters.Length + 2 + Bytes.MaxVarint)
        {
            return 0;
        }

        destination[0] = (byte)transform.Id;
        int n = 1 + Bytes.WriteVarint(destination[1..], (uint)parameters.Length);
        parameters.CopyTo(destination[n..]);
        n += parameters.Length;
        destination[n++] = (byte)streams.Count;
        for (int i = 0; i < streams.Count; i++)
        {
            Span<byte> stream = streams[i];
            int room = BlockCodec.MaxEncodedLength(stream.Length);
            if (_trial.Length < room)
            {
                _trial = GC.AllocateUninitializedArray<byte>(room);
            }

            int length = stream.IsEmpty ? 0 : BlockCodec.EncodePlain(this, stream, _trial, level);
            if (length + 2 * Bytes.MaxVarint > destination.Length - n)
            {
                return 0;
            }

            n += Bytes.WriteVarint(destination[n..], (uint)stream.Length);
            n += Bytes.WriteVarint(destination[n..], (uint)length);
            _trial.AsSpan(0, length).CopyTo(destination[n..]);
            n += length;
        }

        return n;
    }

    /// <summary>Decodes a transform's streams and restores the block.</summary>
    public void DecodeTransformed(ReadOnlySpan<byte> payload, Span<byte> block)
    {
        _transforms ??= new TransformRegistry();
        _streams ??= new TransformStreams();
        ITransform transform = _transforms.Get(Bytes.Take(ref payload, 1)[0]);
        ReadOnlySpan<byte> parameters = Bytes.Take(ref payload, Bytes.ReadVarint(ref payload));
        int count = Bytes.Take(ref payload, 1)[0];
        _streams.Clear(block.Length);
        if (count > TransformStreams.MaxStreams || !_streams.AddParameters(parameters))
        {
            throw new DwcpFormatException("A transformed block has more streams or parameters than any transform has.");
        }

        for (int i = 0; i < count; i++)
        {
            uint length = Bytes.ReadVarint(ref payload);
            if (length > (uint)_streams.Left)
            {
                throw new DwcpFormatException($"The streams of a transformed block of {block.Length} bytes are longer than they may be.");
            }

            ReadOnlySpan<byte> encoded = Bytes.Take(ref payload, Bytes.ReadVarint(ref payload));
            Span<byte> stream = _streams.Add((int)length);
            if (length > 0)
            {
                BlockCodec.DecodePlain(this, encoded, stream);
            }
            else if (!encoded.IsEmpty)
            {
                throw new DwcpFormatException("An empty stream of a transformed block has a payload.");
            }
        }

        if (!payload.IsEmpty)
        {
            throw new DwcpFormatException($"{payload.Length} bytes follow the last stream of a block.");
        }

        transform.Inverse(_streams, block);
    }

    /// <summary>Encodes a block as segments.</summary>
    /// <returns>The bytes written, or 0 when they would not fit <paramref name="destination"/>.</returns>
    public int EncodeSegments(ReadOnlySpan<byte> block, Span<byte> destination, DwcpLevel level)
    {
        // Balanced compares all candidates of a row where a match begins and two at the positions behind it, where it most often stays the best: with
        // three it was 6 % slower and 0.1 % smaller (geometric means of six members).
        Parser parser = level == DwcpLevel.Fast ? _fast ??= new FastParser() : _balanced ??= new LazyParser(5, 16, attempts: 15, nextAttempts: 2);
        _sequences ??= new SequenceBuffer(CommandCoding.MaxSegment);
        _commandEncoder ??= new CommandEncoder();

        int segmentLength = LevelParameters.Of(level).SegmentLength;
        int room = CommandEncoder.MaxEncoded(segmentLength);
        if (_output.Length < room)
        {
            _output = GC.AllocateUninitializedArray<byte>(room);
        }

        // Segments that stay as they are are copied when one that does not follows, or never: a block of them is stored.
        int written = 0;
        int raw = 0;
        RecentOffsets recent = RecentOffsets.Initial;
        fixed (byte* b = block)
        {
            parser.Begin(b, block.Length);
            for (int start = 0; start < block.Length; start += segmentLength)
            {
                int length = Math.Min(segmentLength, block.Length - start);
                bool noise = NoiseDetector.LooksRandom(block.Slice(start, length));
                parser.Parse(start, start + length, _sequences, noise);
                if (noise && TextDetector.HasFewMatches(length, _sequences))
                {
                    continue;
                }

                RecentOffsets after = recent;
                int encoded = _commandEncoder.Encode(b + start, length, _sequences, noise, ref after, _output);
                if (encoded >= length)
                {
                    continue;
                }

                recent = after;
                if (!WriteRaw(block[raw..start], destination, ref written) || destination.Length - written < encoded + 1 + Bytes.MaxVarint)
                {
                    return 0;
                }

                destination[written++] = (byte)SegmentKind.Commands;
                written += Bytes.WriteVarint(destination[written..], (uint)length);
                _output.AsSpan(0, encoded).CopyTo(destination[written..]);
                written += encoded;
                raw = start + length;
            }
        }

        return written > 0 && WriteRaw(block[raw..], destination, ref written) ? written : 0;
    }

    /// <summary>Writes bytes as raw segments.</summary>
    /// <returns>False when they do not fit.</returns>
    private static bool WriteRaw(ReadOnlySpan<byte> bytes, Span<byte> destination, ref int written)
    {
        while (!bytes.IsEmpty)
        {
            int length = Math.Min(bytes.Length, CommandCoding.MaxSegment);
            if (destination.Length - written < length + 1 + Bytes.MaxVarint)
            {
                return false;
            }

            destination[written++] = (byte)SegmentKind.Raw;
            written += Bytes.WriteVarint(destination[written..], (uint)length);
            bytes[..length].CopyTo(destination[written..]);
            written += length;
            bytes = bytes[length..];
        }

        return true;
    }

    /// <summary>Encodes a block as segments in the nibble coding.</summary>
    /// <returns>The bytes written, or 0 when they would not fit <paramref name="destination"/>.</returns>
    public int EncodeNibbles(ReadOnlySpan<byte> block, Span<byte> destination, DwcpLevel level)
    {
        OptimalParser parser = level == DwcpLevel.Max
            ? _max ??= new OptimalParser(nearBits: 19, longBits: 18, OptimalParser.EnoughAtMax)
            : _dense ??= new OptimalParser(nearBits: 16, longBits: 18, OptimalParser.EnoughAtDense);
        _sequences ??= new SequenceBuffer(CommandCoding.MaxSegment);
        NibbleEncoder encoder = _nibbleEncoder ??= new NibbleEncoder();
        if (_output.Length < NibbleEncoder.MaxEncoded)
        {
            _output = GC.AllocateUninitializedArray<byte>(NibbleEncoder.MaxEncoded);
        }

        int written = 0;
        RecentOffsets recent = RecentOffsets.Initial;
        encoder.Begin();
        fixed (byte* b = block)
        {
            parser.Begin(b, block.Length);
            int length;
            for (int start = 0; start < block.Length; start += length)
            {
                length = Math.Min(NibbleCoding.MaxSegment, block.Length - start);

                // Noise has nothing to match and nothing to learn. The models must not see what the decoder will not see, so such a segment
                // is decided on before any of it is encoded.
                bool text = TextDetector.IsText(block.Slice(start, length));
                bool random = TextDetector.LooksRandom(block.Slice(start, length));
                encoder.Start(b, b + start, text, recent);
                parser.Parse(start, start + length, text, recent, encoder, follow: !random, _sequences);
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

    /// <summary>
    /// Encodes a block in the mixed coding, or as nibbles parsed by price where a sample of those takes hardly more: they decode fifty times as fast.
    /// </summary>
    /// <returns>The bytes written, or 0 when they would not fit <paramref name="destination"/>.</returns>
    public int EncodeBest(ReadOnlySpan<byte> block, Span<byte> destination, out byte method)
    {
        ReadOnlySpan<byte> sample = block.Length <= MixedSample ? block : block.Slice((block.Length - MixedSample) / 2, MixedSample);
        if (_mixedTrial.Length == 0)
        {
            _mixedTrial = GC.AllocateUninitializedArray<byte>(MixedSample);
        }

        _mixed ??= new MixedCoder();
        int nibbles = EncodeNibbles(sample, _mixedTrial.AsSpan(0, sample.Length), DwcpLevel.Dense);
        int mixed = _mixed.Encode(sample, _mixedTrial.AsSpan(0, sample.Length));
        if (nibbles > 0 && (mixed == 0 || nibbles <= mixed + mixed / 32) || mixed == 0 && nibbles == 0)
        {
            method = BlockCodec.MethodSegments;
            return EncodeNibbles(block, destination, DwcpLevel.Max);
        }

        method = TextDetector.IsText(block) ? BlockCodec.MethodMixedText : BlockCodec.MethodMixed;
        return _mixed.Encode(block, destination);
    }

    /// <summary>Decodes a block in the mixed coding.</summary>
    public void DecodeMixed(ReadOnlySpan<byte> payload, Span<byte> block, bool text) => (_mixed ??= new MixedCoder()).Decode(payload, block, text);

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
