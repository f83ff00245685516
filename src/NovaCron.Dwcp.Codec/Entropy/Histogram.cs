namespace NovaCron.Dwcp.Codec.Entropy;

/// <summary>Counts bytes, in four tables so that equal neighbours do not wait for each other's store.</summary>
internal static unsafe class Histogram
{
    public static void Count(ReadOnlySpan<byte> source, Span<uint> counts)
    {
        uint* tables = stackalloc uint[4 * 256];
        new Span<uint>(tables, 4 * 256).Clear();
        fixed (byte* p = source)
        {
            int i = 0;
            for (; i + 8 <= source.Length; i += 8)
            {
                ulong v = Bytes.Load64(p + i);
                tables[(byte)v]++;
                tables[256 + (byte)(v >> 8)]++;
                tables[512 + (byte)(v >> 16)]++;
                tables[768 + (byte)(v >> 24)]++;
                tables[(byte)(v >> 32)]++;
                tables[256 + (byte)(v >> 40)]++;
                tables[512 + (byte)(v >> 48)]++;
                tables[768 + (byte)(v >> 56)]++;
            }

            for (; i < source.Length; i++)
            {
                tables[p[i]]++;
            }
        }

        for (int s = 0; s < 256; s++)
        {
            counts[s] = tables[s] + tables[256 + s] + tables[512 + s] + tables[768 + s];
        }
    }
}
