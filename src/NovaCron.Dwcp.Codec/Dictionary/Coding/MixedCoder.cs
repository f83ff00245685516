using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Matching;
using NovaCron.Dwcp.Codec.Entropy;
using NovaCron.Dwcp.Codec.Entropy.Mixing;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>
/// The mixed coding of a block: long matches are copied, everything between them goes byte by byte through a <see cref="MixingModel"/>. Long
/// matches are taken out because the model takes most of a microsecond for each of their bytes, to learn nothing.
/// </summary>
internal sealed unsafe class MixedCoder
{
    /// <summary>A match this long costs hardly more as a copy than through the model: with 48, databases take 3 % more.</summary>
    public const int MinMatch = 96;

    private const int HashedBytes = 32;
    private const int TableBits = 18;
    private const int NumberBits = 32;

    private readonly MixingModel _model = new();
    private readonly int[] _numberArray = GC.AllocateUninitializedArray<int>(3 * NumberBits, pinned: true);
    private int[] _table = [];

    /// <summary>What the numbers between literals are.</summary>
    private enum Number
    {
        Literals,
        Length,
        Offset,
    }

    /// <summary>Encodes a block.</summary>
    /// <returns>The bytes written, or 0 when they would not fit <paramref name="destination"/>.</returns>
    public int Encode(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        if (_table.Length == 0)
        {
            _table = GC.AllocateUninitializedArray<int>(1 << TableBits);
        }

        _table.AsSpan().Clear();
        Reset();
        fixed (byte* b = block)
        fixed (byte* d = destination)
        {
            var coder = new BinaryEncoder(d, d + destination.Length);
            _model.Begin(b, block.Length, TextDetector.IsText(block));
            int position = 0;
            int indexed = 0;
            int offset = 0;
            while (position < block.Length && !coder.Overflowed)
            {
                int start = Find(b, position, ref indexed, block.Length, out int from, out int length);
                CodeNumber(ref coder, Number.Literals, (uint)(start - position));
                for (; position < start; position++)
                {
                    _model.Code(ref coder, b + position, write: false);
                }

                if (length > 0)
                {
                    CodeNumber(ref coder, Number.Length, (uint)(length - MinMatch));
                    CodeNumber(ref coder, Number.Offset, start - from == offset ? 0 : (uint)(start - from));
                    offset = start - from;
                    position += length;
                    _model.Skip(b + position, position, offset);
                }
            }

            int written = coder.Finish();
            return coder.Overflowed ? 0 : written;
        }
    }

    /// <summary>Decodes a block.</summary>
    /// <exception cref="DwcpFormatException">The payload is malformed.</exception>
    public void Decode(ReadOnlySpan<byte> payload, Span<byte> block, bool text)
    {
        Reset();
        fixed (byte* p = payload)
        fixed (byte* b = block)
        {
            var coder = new BinaryDecoder(p, p + payload.Length);
            _model.Begin(b, block.Length, text);
            int position = 0;
            uint offset = 0;
            while (position < block.Length)
            {
                uint literals = CodeNumber(ref coder, Number.Literals, 0);
                if (literals > (uint)(block.Length - position))
                {
                    throw Malformed();
                }

                for (int end = position + (int)literals; position < end; position++)
                {
                    _model.Code(ref coder, b + position, write: true);
                    if (coder.Exhausted)
                    {
                        throw Malformed();
                    }
                }

                if (position == block.Length)
                {
                    break;
                }

                uint over = CodeNumber(ref coder, Number.Length, 0);
                uint back = CodeNumber(ref coder, Number.Offset, 0);
                offset = back == 0 ? offset : back;
                if (over > (uint)(block.Length - position) || over + MinMatch > (uint)(block.Length - position) || offset - 1 >= (uint)position || coder.Exhausted)
                {
                    throw Malformed();
                }

                int length = (int)over + MinMatch;
                MatchCopy.Copy(b + position, (int)offset, length, b + block.Length);
                position += length;
                _model.Skip(b + position, position, (int)offset);
            }

            if (!coder.EndedWell)
            {
                throw Malformed();
            }
        }
    }

    private static DwcpFormatException Malformed() => new("A mixed block does not decode to its length within its history.");

    private void Reset() => _numberArray.AsSpan().Fill(1 << 15);

    /// <summary>The next long match from <paramref name="position"/> on.</summary>
    /// <returns>Where it starts, or the block's length.</returns>
    private int Find(byte* block, int position, ref int indexed, int blockLength, out int from, out int length)
    {
        byte* end = block + blockLength;
        int last = blockLength - HashedBytes - MatchKernel.Lookahead;
        for (int at = Math.Min(indexed, position); at <= last; at++)
        {
            byte* p = block + at;
            uint hash = (uint)((Bytes.Load64(p) * 0x9E37_79B1_85EB_CA87 ^ Bytes.Load64(p + 8) * 0xC2B2_AE3D_27D4_EB4F
                ^ Bytes.Load64(p + 16) * 0x1656_67B1_9E37_79F9 ^ Bytes.Load64(p + 24) * 0x27D4_EB2F_1656_67C5) * 0x9E37_79B1_85EB_CA87 >> 64 - TableBits);
            int candidate = _table[hash];
            _table[hash] = at;
            if (at < position || candidate >= at || Bytes.Load64(block + candidate) != Bytes.Load64(p))
            {
                continue;
            }

            int matched = MatchKernel.Length(p, block + candidate, end);
            int start = at;
            while (start > position && candidate > 0 && block[start - 1] == block[candidate - 1])
            {
                start--;
                candidate--;
                matched++;
            }

            if (matched >= MinMatch)
            {
                from = candidate;
                length = matched;
                indexed = at + 1;
                return start;
            }
        }

        indexed = blockLength;
        from = 0;
        length = 0;
        return blockLength;
    }

    /// <summary>Codes n + 1 as its number of binary digits, one adaptive bit each, and those digits below the first.</summary>
    private uint CodeNumber<TCoder>(ref TCoder coder, Number number, uint value)
        where TCoder : struct, IBinaryCoder
    {
        int* probabilities = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_numberArray)) + (int)number * NumberBits;
        int digits = BitOperations.Log2(value + 1);
        int count = 0;
        for (; count < NumberBits - 2; count++)
        {
            int bit = coder.Code(count < digits ? 1 : 0, Math.Clamp(probabilities[count], 32, 65_535 - 32));
            probabilities[count] += (bit != 0 ? 65_535 : 0) - probabilities[count] >> 5;
            if (bit == 0)
            {
                break;
            }
        }

        uint result = 1;
        for (int i = count - 1; i >= 0; i--)
        {
            result = result << 1 | (uint)coder.Code((int)(value + 1 >> i & 1), 1 << 15);
        }

        return result - 1;
    }
}
