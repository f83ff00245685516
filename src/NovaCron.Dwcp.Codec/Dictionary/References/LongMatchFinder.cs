using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Codec.Dictionary.Matching;

namespace NovaCron.Dwcp.Codec.Dictionary.References;

/// <summary>
/// Finds what a block repeats from the blocks of its group before it. A gear hash over 64 bytes picks anchors by content, one place in 32 or
/// more, and a table remembers the anchors of literals; a match is verified and extended both ways (zstd's long distance matching, with the
/// rolling hash of FastCDC). Runs on one thread, before the blocks are coded on several: what it finds never depends on their number.
/// </summary>
internal sealed unsafe class LongMatchFinder
{
    /// <summary>
    /// The shortest match taken. A reference takes about eight bytes before it is coded and breaks the context of what follows; shorter matches
    /// the coders of the literals mostly find again nearer.
    /// </summary>
    public const int MinLength = 128;

    /// <summary>Where references would stand for less than a 64th of a block they are not worth the records and lines that they tear apart.</summary>
    private const int LeastShare = 64;

    private const int HashedBytes = 64;
    private const int BucketEntries = 4;
    private const int MinRateBits = 5;
    private const int MaxTableBits = 22;

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public uint Check;
        public uint Position; // of the anchor's end in the group; 0: none
    }

    private readonly int _blockLength;
    private readonly int _rateShift;
    private readonly int _tableBits;
    private readonly Entry[] _table;
    private readonly List<(ulong Hash, int End)> _anchors = [];

    /// <param name="window">Bytes of a group.</param>
    /// <param name="blockLength">Bytes of a block.</param>
    public LongMatchFinder(long window, int blockLength)
    {
        _blockLength = blockLength;
        int windowBits = BitOperations.Log2((ulong)window);
        int rateBits = Math.Max(MinRateBits, windowBits - MaxTableBits);
        _rateShift = 64 - rateBits;
        _tableBits = Math.Clamp(windowBits - rateBits, 8, MaxTableBits);
        _table = new Entry[1 << _tableBits];
    }

    /// <summary>Forgets everything: a group starts.</summary>
    public void Restart() => _table.AsSpan().Clear();

    /// <summary>Finds the references of the next block of a group and remembers its literals.</summary>
    /// <param name="block">The block.</param>
    /// <param name="history">The blocks before it.</param>
    /// <param name="references">Filled; empty where they are not worth it.</param>
    public void Find(ReadOnlySpan<byte> block, GroupHistory history, ReferenceList references)
    {
        references.Clear();
        _anchors.Clear();
        ref ulong gear = ref MemoryMarshal.GetReference(FastCdc.GearTable);
        int shift = _rateShift;
        int cursor = 0;
        ulong hash = 0;
        fixed (byte* b = block)
        {
            int warm = 0;
            for (int i = 0; i < block.Length; i++)
            {
                hash = (hash << 1) + Unsafe.Add(ref gear, b[i]);
                if (hash >> shift != 0 || i - warm < HashedBytes - 1)
                {
                    continue;
                }

                // A constant run has an anchor everywhere or nowhere; the coders take it for nothing.
                int end = i + 1;
                if (Longest(b, block.Length, cursor, end, hash, history, out Reference reference))
                {
                    while (_anchors.Count > 0 && _anchors[^1].End > reference.Start)
                    {
                        _anchors.RemoveAt(_anchors.Count - 1);
                    }

                    references.Add(reference);
                    cursor = reference.End;
                    warm = Math.Max(i + 1, cursor);
                    i = warm - 1;
                }
                else if (end - HashedBytes >= cursor)
                {
                    _anchors.Add((hash, end));
                }
            }
        }

        if (references.Length < block.Length / LeastShare)
        {
            references.Clear();
        }

        int from = history.Count * _blockLength;
        foreach ((ulong anchor, int end) in _anchors)
        {
            Insert(anchor, (uint)(from + end));
        }
    }

    private static ulong Mix(ulong hash) => hash * 0x9E37_79B1_85EB_CA87; // the first prime of XXH64

    private void Insert(ulong hash, uint position)
    {
        ulong mixed = Mix(hash);
        Span<Entry> bucket = _table.AsSpan((int)(mixed >> 64 - _tableBits) & ~(BucketEntries - 1), BucketEntries);
        uint check = (uint)mixed;

        // Of equal anchors the first stays: it is the one that others already refer to.
        int oldest = 0;
        for (int i = 0; i < BucketEntries; i++)
        {
            if (bucket[i].Position == 0)
            {
                bucket[i] = new Entry { Check = check, Position = position };
                return;
            }

            if (bucket[i].Check == check)
            {
                return;
            }

            oldest = bucket[i].Position < bucket[oldest].Position ? i : oldest;
        }

        bucket[oldest] = new Entry { Check = check, Position = position };
    }

    private bool Longest(byte* block, int length, int cursor, int end, ulong hash, GroupHistory history, out Reference best)
    {
        best = default;
        ulong mixed = Mix(hash);
        ReadOnlySpan<Entry> bucket = _table.AsSpan((int)(mixed >> 64 - _tableBits) & ~(BucketEntries - 1), BucketEntries);
        uint check = (uint)mixed;
        foreach (Entry entry in bucket)
        {
            if (entry.Check != check || entry.Position == 0)
            {
                continue;
            }

            int number = (int)((entry.Position - 1) / (uint)_blockLength);
            int at = (int)(entry.Position - (uint)number * (uint)_blockLength);
            ReadOnlySpan<byte> source = history[number];
            if (!history.References(number).TryGetLiterals(at - 1, source.Length, out int runStart, out int runEnd))
            {
                continue;
            }

            fixed (byte* s = source)
            {
                int forward = MatchKernel.Length(block + end, s + at, block + end + Math.Min(length - end, runEnd - at));
                int room = Math.Min(end - cursor, at - runStart);
                int back = 0;
                while (back < room && block[end - back - 1] == s[at - back - 1])
                {
                    back++;
                }

                if (back + forward >= MinLength && back + forward > best.Length)
                {
                    best = new Reference(end - back, back + forward, number, at - back);
                }
            }
        }

        return best.Length > 0;
    }
}
