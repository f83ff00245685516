using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>
/// The copying loop of the command coding. Copies whole vectors while at least <see cref="Slack"/> bytes of the block lie ahead, single
/// bytes after that. Every read of history, literals, lengths and every write is checked against its bounds before it happens; offsets
/// are read from a buffer that has an entry for every command. Unsafe: see <see cref="CommandReference"/> for the plain form.
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

        // Recent offsets at 3..5, the next new one at 6; using number i moves 3..3+i down by one (Kraken's branch-free rotation).
        int* ring = stackalloc int[8];
        ring[0] = ring[1] = ring[2] = ring[7] = 0;
        ring[3] = recent.First;
        ring[4] = recent.Second;
        ring[5] = recent.Third;

        while (command < commandsEnd)
        {
            uint c = *command++;
            nint count = (nint)(c & 3);
            nint length = (nint)(c >> 2 & 15) + CommandCoding.MinMatch;
            nint which = (nint)(c >> 6);
            ring[6] = *offsets;
            offsets += which + 1 >> 2;
            if (count == CommandCoding.LiteralEscape && !ReadLength(ref lengths, lengthsEnd, ref count))
            {
                return false;
            }

            if (length == CommandCoding.EscapedLength && !ReadLength(ref lengths, lengthsEnd, ref length))
            {
                return false;
            }

            int offset = ring[3 + which];
            ring[3 + which] = ring[2 + which];
            ring[2 + which] = ring[1 + which];
            ring[1 + which] = ring[which];
            ring[3] = offset;

            byte* match = o + count;
            byte* next = match + length;
            if (count > literalsEnd - literals || length > segmentEnd - match || (nuint)(uint)(offset - 1) >= (nuint)(match - history))
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
                if (offset >= 16)
                {
                    Vector128.Load(from).Store(match);
                    if (length > 16)
                    {
                        CopyFast(match + 16, from + 16, next);
                    }
                }
                else
                {
                    CopyOverlapping(match, offset, next);
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

        Unsafe.CopyBlockUnaligned(o, literals, (uint)rest);
        recent.First = ring[3];
        recent.Second = ring[4];
        recent.Third = ring[5];
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

    /// <summary>Copies from less than 16 bytes back, writing up to 16 bytes beyond <paramref name="end"/>.</summary>
    private static void CopyOverlapping(byte* to, int offset, byte* end)
    {
        byte* from = to - offset;
        if (offset == 1)
        {
            Vector128<byte> run = Vector128.Create(*from);
            do
            {
                run.Store(to);
                to += 16;
            }
            while (to < end);
            return;
        }

        // Eight bytes one by one; then the pattern is as long as a multiple of the offset that is 8 or more.
        for (int i = 0; i < 8; i++)
        {
            to[i] = from[i];
        }

        int period = offset;
        while (period < 8)
        {
            period += offset;
        }

        to += 8;
        while (to < end)
        {
            Bytes.Store64(to, Bytes.Load64(to - period));
            to += 8;
        }
    }

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
