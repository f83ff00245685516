using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>
/// The copying loop of the command coding. Copies whole vectors while at least <see cref="Slack"/> bytes of the block lie ahead, single
/// bytes after that. Every read of history and literals and every write is checked against its bounds before it happens; of the lengths up to two
/// bytes behind their end are read, and refused; offsets are read from a buffer that has an entry for every command. Unsafe: see
/// <see cref="CommandReference"/> for the plain form.
/// </summary>
internal static unsafe class CommandKernel
{
    /// <summary>What a fast step may write beyond its bytes, and read beyond the literals.</summary>
    public const int Slack = 64;

    /// <summary>Everything the loop walks over.</summary>
    public struct State
    {
        public byte* History;
        public byte* Out;
        public byte* SegmentEnd;
        public byte* BlockEnd;
        public byte* Literals;
        public byte* LiteralsEnd;
        public byte* Commands;
        public byte* CommandsEnd;
        public byte* Lengths;
        public byte* LengthsEnd;
        public int* Offsets;
    }

    /// <returns>Whether the commands fitted.</returns>
    public static bool Execute(ref State state, ref RecentOffsets recent)
    {
        byte* history = state.History;
        byte* o = state.Out;
        byte* segmentEnd = state.SegmentEnd;
        byte* literals = state.Literals;
        byte* literalsEnd = state.LiteralsEnd;
        byte* command = state.Commands;
        byte* commandsEnd = state.CommandsEnd;
        byte* lengths = state.Lengths;
        byte* lengthsEnd = state.LengthsEnd;
        int* offsets = state.Offsets;

        // The last place where a step may still write whole vectors.
        byte* fastEnd = state.BlockEnd - history > Slack ? state.BlockEnd - Slack : history;

        // The three recent offsets, newest first, and the next new one; a command's choice is one shuffle.
        byte* rotations = CommandCoding.Rotations;
        byte* patterns = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Patterns));
        byte* distances = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Distances));
        Vector128<int> ring = Vector128.Create(recent.First, recent.Second, recent.Third, 0);
        while (command < commandsEnd)
        {
            uint c = *command++;
            nint which = (nint)(c >> 6);
            ring = VectorTable.Lookup(ring.WithElement(3, *offsets).AsByte(), Vector128.Load(rotations + 16 * which)).AsInt32();
            offsets += which + 1 >> 2;

            // Whether a count or a length goes on in the length stream is as good as random, so both are read without a branch. A byte is
            // read even where it is not used; the caller guarantees two behind the stream.
            nint count = (nint)(c & 3);
            nint length = (nint)(c >> 2 & 15) + CommandCoding.MinMatch;
            nint longer = count + 1 >> 2;
            nint extra = *lengths & -longer;
            lengths += longer;
            count += extra;
            longer = length - 1 >> 4;
            nint extraMatch = *lengths & -longer;
            lengths += longer;
            length += extraMatch;
            if (((extra + 1 | extraMatch + 1) & 256) != 0)
            {
                lengths -= longer + ((nint)(c & 3) + 1 >> 2);
                count = (nint)(c & 3);
                length = (nint)(c >> 2 & 15) + CommandCoding.MinMatch;
                if (count == CommandCoding.LiteralEscape && !ReadLength(ref lengths, lengthsEnd, ref count)
                    || length == CommandCoding.EscapedLength && !ReadLength(ref lengths, lengthsEnd, ref length))
                {
                    return false;
                }
            }

            int offset = ring.ToScalar();
            byte* match = o + count;
            byte* next = match + length;
            if (count > literalsEnd - literals || length > segmentEnd - match || (nuint)(uint)(offset - 1) >= (nuint)(match - history) || lengths > lengthsEnd)
            {
                return false;
            }

            byte* from = match - offset;
            if (next <= fastEnd)
            {
                Vector128.Load(literals).Store(o);
                if (count > 16)
                {
                    CopyFast(o + 16, literals + 16, match);
                }

                literals += count;
                o = next;

                // A match from less than 16 bytes back repeats a pattern: the first vector is made of what there is, the others come from a
                // multiple of the offset that is 16 or more back. Such matches are rare, or come one after the other.
                Vector128<byte> vector = Vector128.Load(from);
                if (offset < 16)
                {
                    vector = VectorTable.Lookup(vector, Vector128.Load(patterns + 16 * (nint)offset));
                    from = match - distances[offset];
                }

                vector.Store(match);
                Vector128.Load(from + 16).Store(match + 16);
                if (length > 32)
                {
                    CopyFast(match + 32, from + 32, next);
                }
            }
            else
            {
                while (o < match)
                {
                    *o++ = *literals++;
                }

                while (o < next)
                {
                    *o++ = *from++;
                }
            }
        }

        nint rest = (nint)(segmentEnd - o);
        if (rest != literalsEnd - literals)
        {
            return false;
        }

        // Before the call: vectors that outlive one lie in memory, and all the loop would wait for that.
        recent.First = ring[0];
        recent.Second = ring[1];
        recent.Third = ring[2];
        Unsafe.CopyBlockUnaligned(o, literals, (uint)rest);
        state.Out = segmentEnd;
        state.Lengths = lengths;
        state.Offsets = offsets;
        return true;
    }

    /// <summary>Copies 16 bytes at a time until <paramref name="end"/> is reached; ranges are 16 apart at least, or do not overlap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyFast(byte* to, byte* from, byte* end)
    {
        do
        {
            Vector128.Load(from).Store(to);
            Vector128.Load(from + 16).Store(to + 16);
            to += 32;
            from += 32;
        }
        while (to < end);
    }

    /// <summary>Row i: the numbers 0 to i - 1 again and again (there is no row 0).</summary>
    private static ReadOnlySpan<byte> Patterns =>
    [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
        0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
        0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
        0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
        0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
        0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
        0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
    ];

    /// <summary>The least multiple of i that is 16 or more.</summary>
    private static ReadOnlySpan<byte> Distances => [16, 16, 16, 18, 16, 20, 18, 21, 16, 18, 20, 22, 24, 26, 28, 30, 16];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool ReadLength(ref byte* lengths, byte* end, ref nint value)
    {
        if (lengths >= end)
        {
            return false;
        }

        nint b = *lengths++;
        if (b == CommandCoding.WideLength)
        {
            if (end - lengths < 3)
            {
                return false;
            }

            b = lengths[0] | lengths[1] << 8 | lengths[2] << 16;
            lengths += 3;
        }

        value += b;
        return true;
    }
}
