using NovaCron.Dwcp.Codec.Entropy.Huffman;

namespace NovaCron.Dwcp.Codec.Entropy;

/// <summary>
/// Codes one stream of bytes with the backend that is smallest. Layout: method byte, varint count, then for <c>Raw</c> the bytes, for
/// <c>Repeated</c> the byte, for <c>Huffman</c> the description of the code lengths, a 24-bit length for each bit stream, the bit streams.
/// </summary>
internal static unsafe class StreamCoder
{
    /// <summary>The longest stream: a segment's worth of literals, and its 24-bit stream lengths.</summary>
    public const int MaxCount = 1 << 22;

    private const int MinHuffman = 32;
    private const int StreamLength = 3;

    /// <summary>The room that <see cref="Encode"/> needs at most for <paramref name="count"/> bytes.</summary>
    public static int MaxEncoded(int count) => count + (count >> 1) + HuffmanCode.MaxDescription + 64;

    /// <summary>Encodes all of <paramref name="source"/>.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="destination">At least <see cref="MaxEncoded"/> bytes.</param>
    /// <param name="noise">Whether no code is known to help.</param>
    /// <returns>The bytes written.</returns>
    public static int Encode(ReadOnlySpan<byte> source, Span<byte> destination, bool noise = false)
    {
        if (noise || source.Length < MinHuffman)
        {
            return EncodeRaw(source, destination);
        }

        Span<uint> counts = stackalloc uint[256];
        Histogram.Count(source, counts);
        uint most = 0;
        for (int s = 0; s < 256; s++)
        {
            most = Math.Max(most, counts[s]);
        }

        if (most == (uint)source.Length)
        {
            destination[0] = (byte)StreamMethod.Repeated;
            int n = 1 + Bytes.WriteVarint(destination[1..], (uint)source.Length);
            destination[n] = source[0];
            return n + 1;
        }

        // Nothing above 1/128 of the symbols more than uniform: no code would pay for its description.
        if (most <= (uint)(source.Length >> 7) + 4 && source.Length >= 1024)
        {
            return EncodeRaw(source, destination);
        }

        Span<byte> lengths = stackalloc byte[256];
        HuffmanCode.BuildLengths(counts, lengths);
        Span<byte> description = stackalloc byte[HuffmanCode.MaxDescription];
        int descriptionLength = HuffmanCode.WriteLengths(lengths, description);
        ulong bits = 0;
        for (int s = 0; s < 256; s++)
        {
            bits += (ulong)counts[s] * lengths[s];
        }

        // Each stream rounds up and carries a marker. Raw decodes ten times faster, so Huffman must save at least one part in 64.
        int estimate = (int)(bits / 8) + (StreamLength + 2) * HuffmanKernel.StreamsOf(source.Length) + descriptionLength + 6;
        if (estimate > source.Length - (source.Length >> 6))
        {
            return EncodeRaw(source, destination);
        }

        return EncodeHuffman(source, destination, lengths, description[..descriptionLength]);
    }

    private static int EncodeRaw(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        destination[0] = (byte)StreamMethod.Raw;
        int n = 1 + Bytes.WriteVarint(destination[1..], (uint)source.Length);
        source.CopyTo(destination[n..]);
        return n + source.Length;
    }

    private static int EncodeHuffman(
        ReadOnlySpan<byte> source, Span<byte> destination, ReadOnlySpan<byte> lengths, ReadOnlySpan<byte> description)
    {
        if (destination.Length < MaxEncoded(source.Length))
        {
            throw new ArgumentException("The destination is smaller than MaxEncoded asks.", nameof(destination));
        }

        Span<ulong> codes = stackalloc ulong[256];
        HuffmanCode.AssignCodes(lengths, codes);
        destination[0] = (byte)StreamMethod.Huffman;
        int head = 1 + Bytes.WriteVarint(destination[1..], (uint)source.Length);

        description.CopyTo(destination[head..]);
        head += description.Length;
        int streams = HuffmanKernel.StreamsOf(source.Length);
        fixed (byte* s = source)
        fixed (byte* d = destination)
        fixed (ulong* c = codes)
        {
            byte* sizes = d + head;
            byte* p = sizes + streams * StreamLength;
            for (int i = 0; i < streams; i++)
            {
                int from = HuffmanKernel.SymbolsBefore(i, streams, source.Length);
                byte* next = HuffmanKernel.EncodeStream(s + from, HuffmanKernel.SymbolsBefore(i + 1, streams, source.Length) - from, c, p);
                uint length = (uint)(next - p);
                sizes[0] = (byte)length;
                sizes[1] = (byte)(length >> 8);
                sizes[2] = (byte)(length >> 16);
                sizes += StreamLength;
                p = next;
            }

            return (int)(p - d);
        }
    }

    /// <summary>Reads the method and count of the next stream without decoding it.</summary>
    public static int PeekCount(ReadOnlySpan<byte> source)
    {
        Bytes.Take(ref source, 1);
        uint count = Bytes.ReadVarint(ref source);
        if (count > MaxCount)
        {
            throw new DwcpFormatException($"A stream of {count} bytes is longer than a segment can hold ({MaxCount}).");
        }

        return (int)count;
    }

    /// <summary>
    /// Decodes the next stream and moves <paramref name="source"/> past it. A raw stream is not copied: the result then lies in the source.
    /// </summary>
    /// <exception cref="DwcpFormatException">The stream is malformed or longer than <paramref name="buffer"/>.</exception>
    public static ReadOnlySpan<byte> Decode(ref ReadOnlySpan<byte> source, Span<byte> buffer)
    {
        int count = PeekCount(source);
        if (count > buffer.Length)
        {
            throw new DwcpFormatException($"A stream of {count} bytes does not fit the {buffer.Length} that its segment allows.");
        }

        var method = (StreamMethod)source[0];
        source = source[1..];
        Bytes.ReadVarint(ref source);
        switch (method)
        {
            case StreamMethod.Raw:
                return Bytes.Take(ref source, (uint)count);
            case StreamMethod.Repeated:
                buffer[..count].Fill(Bytes.Take(ref source, 1)[0]);
                return buffer[..count];
            case StreamMethod.Huffman:
                DecodeHuffman(ref source, buffer[..count]);
                return buffer[..count];
            default:
                throw new DwcpFormatException($"Stream method {(byte)method} is unknown to this version.");
        }
    }

    [System.Runtime.CompilerServices.SkipLocalsInit]
    private static void DecodeHuffman(ref ReadOnlySpan<byte> source, Span<byte> destination)
    {
        Span<byte> lengths = stackalloc byte[256];
        Bytes.Take(ref source, (uint)HuffmanCode.ReadLengths(source, lengths));
        ushort* table = stackalloc ushort[HuffmanCode.TableSize];
        HuffmanCode.FillTable(lengths, new Span<ushort>(table, HuffmanCode.TableSize));
        int streams = HuffmanKernel.StreamsOf(destination.Length);
        ReadOnlySpan<byte> sizes = Bytes.Take(ref source, (uint)(StreamLength * streams));
        byte** ends = stackalloc byte*[HuffmanKernel.MaxStreams];
        fixed (byte* p = source)
        fixed (byte* d = destination)
        {
            int position = 0;
            for (int i = 0; i < streams; i++)
            {
                int length = sizes[3 * i] | sizes[3 * i + 1] << 8 | sizes[3 * i + 2] << 16;
                if (length == 0 || length > source.Length - position)
                {
                    throw new DwcpFormatException("A Huffman stream lies outside its payload.");
                }

                position += length;
                ends[i] = p + position;
                if (p[position - 1] == 0)
                {
                    throw new DwcpFormatException("A Huffman stream has no end marker.");
                }
            }

            // At least twelve bytes of stream lengths lie below the first stream: the kernel's slack of eight.
            if (!HuffmanKernel.Decode(p, ends, table, d, destination.Length))
            {
                throw new DwcpFormatException("A Huffman stream does not end where its last symbol does.");
            }

            source = source[position..];
        }
    }
}
