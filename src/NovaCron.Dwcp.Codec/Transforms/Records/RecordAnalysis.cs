using System.Numerics;
using System.Runtime.Intrinsics;

namespace NovaCron.Dwcp.Codec.Transforms.Records;

/// <summary>
/// Finds the width of records in a block and how to cut them into fields. Both by counting on samples: integers only, the same everywhere.
/// </summary>
internal static unsafe class RecordAnalysis
{
    /// <summary>The widest record, bytes.</summary>
    public const int MaxWidth = 512;

    private const int WidthSample = 1 << 13;
    private const int Sampled = 1024;
    private const int FewestRecords = 64;

    /// <summary>n log2 n in 1/256 bit, for counts up to a sample's size.</summary>
    private static readonly uint[] CountCost = MakeCountCost();

    private static uint[] MakeCountCost()
    {
        var costs = new uint[Sampled + 1];
        for (uint n = 2; n < costs.Length; n++)
        {
            int whole = BitOperations.Log2(n);
            ulong value = (ulong)n << 31 - whole;
            uint fraction = 0;
            for (int bit = 0; bit < 8; bit++)
            {
                // Squaring doubles the logarithm: whether it passes two is its next binary digit.
                value = value * value >> 31;
                fraction <<= 1;
                if (value >= 1ul << 32)
                {
                    fraction |= 1;
                    value >>= 1;
                }
            }

            costs[n] = n * ((uint)whole << 8 | fraction);
        }

        return costs;
    }

    /// <summary>The widths at which most bytes equal the byte one record before, best first; none where nothing stands out.</summary>
    /// <returns>How many were found.</returns>
    public static int FindWidths(byte* block, int length, Span<int> widths)
    {
        if (length < MaxWidth * 4)
        {
            return 0;
        }

        // From the middle: beginnings are headers.
        int sample = Math.Min(WidthSample, length - MaxWidth) & ~15;
        byte* at = block + MaxWidth + (length - MaxWidth - sample) / 2;
        Span<int> equal = stackalloc int[MaxWidth + 1];
        equal[0] = 0;
        int all = 0;
        for (int width = 1; width <= MaxWidth; width++)
        {
            int count = 0;
            for (int i = 0; i < sample; i += 16)
            {
                count += BitOperations.PopCount(Vector128.Equals(Vector128.Load(at + i), Vector128.Load(at + i - width)).ExtractMostSignificantBits());
            }

            equal[width] = count;
            all += count;
        }

        int mean = all / MaxWidth;
        int found = 0;
        while (found < widths.Length)
        {
            int best = 0;
            for (int width = 1; width <= MaxWidth; width++)
            {
                if (equal[width] > equal[best])
                {
                    best = width;
                }
            }

            // A width stands out when it has a quarter more than all have on average, and at least one byte in sixteen.
            if (best == 0 || equal[best] * 4 < mean * 5 || equal[best] < sample / 16)
            {
                break;
            }

            // Its divisors are as good when they have nearly as many; its multiples say nothing new.
            int width2 = best;
            for (int divisor = best / 2; divisor >= 1; divisor--)
            {
                if (best % divisor == 0 && equal[divisor] * 10 >= equal[best] * 9)
                {
                    width2 = divisor;
                }
            }

            widths[found++] = width2;
            for (int width = width2; width <= MaxWidth; width += width2)
            {
                equal[width] = 0;
            }
        }

        return found;
    }

    /// <summary>The cheapest cut of a record into fields by the order-0 cost of the byte planes on a sample.</summary>
    /// <returns>The estimated cost of a record, 1/256 bit; <see cref="long.MaxValue"/> where there are too few records.</returns>
    public static long FindFields(byte* block, int length, int width, List<Field> fields)
    {
        fields.Clear();
        int records = length / width;
        if (records < FewestRecords)
        {
            return long.MaxValue;
        }

        int count = Math.Min(Sampled, records);
        byte* first = block + (long)(records - count) / 2 * width;
        Span<long> cost = stackalloc long[width + 1];
        Span<Field> last = stackalloc Field[width + 1];
        cost.Fill(long.MaxValue);
        cost[0] = 0;
        Span<ushort> counts = stackalloc ushort[8 * 256];
        for (int offset = 0; offset < width; offset++)
        {
            for (int size = 1; size <= 8 && offset + size <= width; size *= 2)
            {
                for (FieldOperation operation = FieldOperation.Value; operation <= FieldOperation.Xor; operation++)
                {
                    // A value costs the same however its bytes are cut, and so do differing bits.
                    if (size > 1 && operation is FieldOperation.Value or FieldOperation.Xor && !(size == 8 && operation == FieldOperation.Xor))
                    {
                        continue;
                    }

                    var field = new Field(offset, size, operation);
                    long price = cost[offset] + Cost(first, width, count, field, counts);
                    if (price < cost[offset + size])
                    {
                        cost[offset + size] = price;
                        last[offset + size] = field;
                    }
                }
            }
        }

        for (int end = width; end > 0; end -= last[end].Size)
        {
            fields.Add(last[end]);
        }

        fields.Reverse();
        return cost[width];
    }

    private static long Cost(byte* first, int width, int count, Field field, Span<ushort> counts)
    {
        counts[..(field.Size * 256)].Clear();
        var state = default(FieldState);
        byte* at = first + field.Offset;
        for (int i = 0; i < count; i++, at += width)
        {
            ulong written = state.Forward(RecordKernel.Load(at, field.Size), field);
            if (i < 2)
            {
                continue; // the first of a sample have no records before them
            }

            for (int k = 0; k < field.Size; k++, written >>= 8)
            {
                counts[k * 256 + (int)(written & 255)]++;
            }
        }

        long total = (long)field.Size * CountCost[count - 2];
        foreach (ushort n in counts[..(field.Size * 256)])
        {
            total -= CountCost[n];
        }

        return total / count;
    }
}
