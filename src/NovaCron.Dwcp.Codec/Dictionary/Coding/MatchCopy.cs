using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Coding;

/// <summary>Copies a match whose bounds were checked, in whole vectors while they fit the block.</summary>
internal static unsafe class MatchCopy
{
    /// <param name="to">Where the match goes.</param>
    /// <param name="offset">How far back it lies, 1 or more.</param>
    /// <param name="length">Its length; <paramref name="to"/> + length is within the block.</param>
    /// <param name="blockEnd">Up to where may be written.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy(byte* to, int offset, int length, byte* blockEnd)
    {
        byte* from = to - offset;
        byte* end = to + length;
        if (blockEnd - end >= 32)
        {
            if (offset >= 16)
            {
                do
                {
                    Vector128.Load(from).Store(to);
                    to += 16;
                    from += 16;
                }
                while (to < end);
                return;
            }

            if (offset >= 8)
            {
                do
                {
                    Bytes.Store64(to, Bytes.Load64(from));
                    to += 8;
                    from += 8;
                }
                while (to < end);
                return;
            }
        }

        while (to < end)
        {
            *to++ = *from++;
        }
    }
}
