using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Shared;

/// <summary>
/// Payloads behind a dictionary, in the nibble coding: matches may reach into its content, and the models begin as its samples left them
/// (docs/codec-format.md, "Dictionaries"). Holds a copy of the content with room for a payload behind it. One payload at a time.
/// </summary>
internal sealed unsafe class DictionaryCoder
{
    /// <summary>The longest payload.</summary>
    public const int MaxPayload = 1 << 18;

    private const int Slack = 64;

    private readonly int _contentLength;
    private readonly bool _text;
    private readonly byte[] _memory;
    private readonly byte* _history;
    private readonly byte[]? _primed;
    private readonly DictionaryIndex _index;
    private NibbleEncoder? _encoder;
    private NibbleDecoder? _decoder;
    private DictionaryParser? _parser;
    private SequenceBuffer? _sequences;
    private byte[] _output = [];

    /// <param name="content">The dictionary's content.</param>
    /// <param name="text">Which second context literals have.</param>
    /// <param name="primed">The models to begin with; null for new ones.</param>
    /// <param name="index">Of the content.</param>
    public DictionaryCoder(ReadOnlySpan<byte> content, bool text, byte[]? primed, DictionaryIndex index)
    {
        _contentLength = content.Length;
        _text = text;
        _primed = primed;
        _index = index;
        _memory = GC.AllocateUninitializedArray<byte>(content.Length + MaxPayload + Slack, pinned: true);
        _history = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory));
        content.CopyTo(_memory);
    }

    /// <summary>Encodes a payload.</summary>
    /// <returns>The bytes written, or 0 when they would not fit <paramref name="destination"/>.</returns>
    public int Encode(ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        BeginEncoding();
        payload.CopyTo(_memory.AsSpan(_contentLength));
        int written = 0;
        RecentOffsets recent = RecentOffsets.Initial;
        for (int start = 0; start < payload.Length; start += NibbleCoding.MaxSegment)
        {
            int length = Math.Min(NibbleCoding.MaxSegment, payload.Length - start);
            int encoded = EncodeSegment(_contentLength + start, length, ref recent);
            if (destination.Length - written < encoded + Bytes.MaxVarint)
            {
                return 0;
            }

            written += Bytes.WriteVarint(destination[written..], (uint)length);
            _output.AsSpan(0, encoded).CopyTo(destination[written..]);
            written += encoded;
        }

        return written;
    }

    /// <summary>Decodes a payload.</summary>
    /// <exception cref="DwcpFormatException">It is malformed.</exception>
    public void Decode(ReadOnlySpan<byte> source, Span<byte> payload)
    {
        BeginDecoding();
        Span<byte> block = _memory.AsSpan(0, _contentLength + payload.Length);
        RecentOffsets recent = RecentOffsets.Initial;
        for (int position = _contentLength; position < block.Length;)
        {
            position += DecodeSegment(ref source, block, position, block.Length - position, ref recent);
        }

        if (!source.IsEmpty)
        {
            throw new DwcpFormatException($"{source.Length} bytes follow the last segment of a block.");
        }

        block[_contentLength..].CopyTo(payload);
    }

    /// <summary>Encodes samples one after the other with models that go on, each alone behind the content.</summary>
    /// <param name="samples">Each at most <see cref="NibbleCoding.MaxSegment"/> bytes; longer ones are cut.</param>
    /// <param name="destination">Takes what they are encoded as, unless null.</param>
    /// <returns>The bytes of that.</returns>
    public long EncodeSamples(IEnumerable<ReadOnlyMemory<byte>> samples, MemoryStream? destination)
    {
        BeginEncoding();
        long total = 0;
        byte[] number = new byte[Bytes.MaxVarint];
        foreach (ReadOnlyMemory<byte> sample in samples)
        {
            int length = Math.Min(sample.Length, NibbleCoding.MaxSegment);
            if (length == 0)
            {
                continue;
            }

            sample.Span[..length].CopyTo(_memory.AsSpan(_contentLength));
            RecentOffsets recent = RecentOffsets.Initial;
            int encoded = EncodeSegment(_contentLength, length, ref recent);
            total += encoded;
            destination?.Write(number, 0, Bytes.WriteVarint(number, (uint)length));
            destination?.Write(_output, 0, encoded);
        }

        return total;
    }

    /// <summary>Decodes samples for what they leave the models as.</summary>
    /// <param name="source">As <see cref="EncodeSamples"/> wrote them.</param>
    /// <param name="count">How many.</param>
    /// <param name="mostBytes">How long they may be together.</param>
    /// <exception cref="DwcpFormatException">They are malformed, or too long.</exception>
    public byte[] Prime(ReadOnlySpan<byte> source, int count, int mostBytes)
    {
        BeginDecoding();
        for (int i = 0; i < count; i++)
        {
            RecentOffsets recent = RecentOffsets.Initial;
            int room = Math.Min(mostBytes, NibbleCoding.MaxSegment);
            mostBytes -= DecodeSegment(ref source, _memory.AsSpan(0, _contentLength + room), _contentLength, room, ref recent);
        }

        return !source.IsEmpty ? throw new DwcpFormatException($"{source.Length} bytes follow the last sample of a dictionary.") : _decoder!.SaveModels();
    }

    private void BeginEncoding()
    {
        _encoder ??= new NibbleEncoder();
        _parser ??= new DictionaryParser();
        _sequences ??= new SequenceBuffer(NibbleCoding.MaxSegment);
        if (_output.Length == 0)
        {
            _output = GC.AllocateUninitializedArray<byte>(NibbleEncoder.MaxEncoded);
        }

        _encoder.Begin(_primed);
    }

    private void BeginDecoding() => (_decoder ??= new NibbleDecoder()).Begin(_primed);

    private int EncodeSegment(int start, int length, ref RecentOffsets recent)
    {
        byte* segment = _history + start;
        _encoder!.Start(_history, segment, _text, recent);
        _parser!.Parse(_history, start, length, _text, recent, _encoder, _index, _sequences!);
        return _encoder.Finish(segment + length, _sequences!, out recent, _output);
    }

    private int DecodeSegment(ref ReadOnlySpan<byte> source, Span<byte> block, int position, int room, ref RecentOffsets recent)
    {
        uint length = Bytes.ReadVarint(ref source);
        if (length == 0 || length > (uint)room || length > NibbleCoding.MaxSegment)
        {
            throw new DwcpFormatException($"A segment of {length} bytes does not fit the {room} left behind its dictionary.");
        }

        _decoder!.Decode(ref source, block, position, (int)length, _text, ref recent);
        return (int)length;
    }
}
