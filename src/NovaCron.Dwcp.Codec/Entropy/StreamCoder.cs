using NovaCron.Dwcp.Codec.Entropy.Huffman;

namespace NovaCron.Dwcp.Codec.Entropy;

/// <summary>
/// Codes one stream of bytes with the backend that is smallest. Layout: method byte, varint count, then for <c>Raw</c> the bytes, for
/// <c>Repeated</c> the byte, for <c>Huffman</c> a varint payload length and the payload: description of the lengths, three 24-bit
/// lengths of streams, the four streams.
/// </summary>
internal static unsafe class StreamCoder
{
    /// <summary>The longest stream: a segment's worth of literals, and its 24-bit stream lengths.</summary>
    public const int MaxCount = 1 << 22;

    private const int MinHuffman = 32;
    private const int StreamLengths = 9;

    /// <summary>The room that <see cref="Encode"/> needs at most for <paramref name="count"/> bytes.</summary>
    public static int MaxEncoded(int count) => count + (count >> 1) + HuffmanCode.MaxDescription + 64;

    /// <summary>Encodes all of <paramref name="source"/>.</summary>
    /// <returns>The bytes written.</returns>
    public static int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length < MinHuffman)
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

        // Four streams round up and carry a marker. Raw decodes ten times faster, so Huffman must save at least one part in 64.
        int estimate = (int)(bits / 8) + 8 + StreamLengths + descriptionLength + 6;
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

        Span<uint> codes = stackalloc uint[256];
        HuffmanCode.AssignCodes(lengths, codes);
        destination[0] = (byte)StreamMethod.Huffman;
        int head = 1 + Bytes.WriteVarint(destination[1..], (uint)source.Length);

        // The payload length takes three bytes always (a varint padded to its place would not be canonical, so it is moved after).
        int body = head + Bytes.MaxVarint;
        description.CopyTo(destination[body..]);
        int table = body + description.Length;
        int end;
        fixed (byte* s = source)
        fixed (byte* d = destination)
        fixed (uint* c = codes)
        {
            byte* p = d + table + StreamLengths;
            int quarter = (source.Length + 3) / HuffmanKernel.Streams;
            for (int i = 0; i < HuffmanKernel.Streams; i++)
            {
                int count = i < 3 ? quarter : source.Length - 3 * quarter;
                byte* next = HuffmanKernel.EncodeStream(s + i * quarter, count, c, p);
                if (i < 3)
                {
                    uint length = (uint)(next - p);
                    d[table + 3 * i] = (byte)length;
                    d[table + 3 * i + 1] = (byte)(length >> 8);
                    d[table + 3 * i + 2] = (byte)(length >> 16);
                }

                p = next;
            }

            end = (int)(p - d);
        }

        int payload = end - body;
        int lengthBytes = Bytes.WriteVarint(destination[head..], (uint)payload);
        destination[body..end].CopyTo(destination[(head + lengthBytes)..]);
        return head + lengthBytes + payload;
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
                ReadOnlySpan<byte> payload = Bytes.Take(ref source, Bytes.ReadVarint(ref source));
                DecodeHuffman(payload, buffer[..count]);
                return buffer[..count];
            default:
                throw new DwcpFormatException($"Stream method {(byte)method} is unknown to this version.");
        }
    }

    [System.Runtime.CompilerServices.SkipLocalsInit]
    private static void DecodeHuffman(ReadOnlySpan<byte> payload, Span<byte> destination)
    {
        Span<byte> lengths = stackalloc byte[256];
        payload = payload[HuffmanCode.ReadLengths(payload, lengths)..];
        ushort* table = stackalloc ushort[HuffmanCode.TableSize];
        HuffmanCode.FillTable(lengths, new Span<ushort>(table, HuffmanCode.TableSize));
        ReadOnlySpan<byte> sizes = Bytes.Take(ref payload, StreamLengths);
        byte** ends = stackalloc byte*[HuffmanKernel.Streams];
        fixed (byte* p = payload)
        fixed (byte* d = destination)
        {
            int position = 0;
            for (int i = 0; i < 3; i++)
            {
                int length = sizes[3 * i] | sizes[3 * i + 1] << 8 | sizes[3 * i + 2] << 16;
                if (length == 0 || length > payload.Length - position)
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

            if (position >= payload.Length || payload[^1] == 0)
            {
                throw new DwcpFormatException("The last Huffman stream is missing or has no end marker.");
            }

            ends[3] = p + payload.Length;

            // Nine bytes of stream lengths lie below the first stream: the kernel's slack of eight.
            if (!HuffmanKernel.Decode(p, ends, table, d, destination.Length))
            {
                throw new DwcpFormatException("A Huffman stream does not end where its last symbol does.");
            }
        }
    }
}
