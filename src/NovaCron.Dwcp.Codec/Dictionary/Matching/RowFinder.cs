using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Matching;

/// <summary>
/// A hash table with rows of fifteen candidates, each with a byte of its hash beside its position, so that vector comparisons pick the two or
/// three worth a look (the row matcher of zstd). A row is a ring: the newest candidate is tried first, the oldest is overwritten. Tags and positions
/// share a word, and a row with its ring's beginning in the first place is one line of memory: tables are larger than the processor's second
/// cache, and half of what indexing a position took was waiting for a line of tags and one of positions.
/// </summary>
internal sealed unsafe class RowFinder
{
    /// <summary>Entries of a row; the first is not a candidate's.</summary>
    public const int RowEntries = 16;

    private const int RowShift = 4;
    private const int TagBits = 8;
    private const int LineLength = 64;

    private readonly ulong _multiplier;
    private readonly int _maxRowBits;
    private uint[] _array = [];
    private uint* _rows;
    private int _hashShift;

    /// <param name="hashBytes">The bytes that a candidate shares at least, 3 to 8.</param>
    /// <param name="maxRowBits">Binary logarithm of the most rows.</param>
    public RowFinder(int hashBytes, int maxRowBits)
    {
        _multiplier = MatchKernel.Multiplier(hashBytes);
        _maxRowBits = maxRowBits;
    }

    /// <summary>Empties the table, sized for a block of <paramref name="length"/> bytes: an entry for every position, if allowed.</summary>
    public void Begin(int length)
    {
        int rowBits = Math.Clamp(32 - BitOperations.LeadingZeroCount((uint)length) - RowShift, 6, _maxRowBits);
        int entries = RowEntries << rowBits;
        if (_array.Length < entries)
        {
            _array = GC.AllocateUninitializedArray<uint>(entries + LineLength / sizeof(uint), pinned: true);
            nuint first = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_array));
            _rows = (uint*)(first + LineLength - 1 & ~(nuint)(LineLength - 1));
        }

        // Where a row's ring begins decides what it forgets first, so that is emptied, too.
        new Span<uint>(_rows, entries).Clear();
        _hashShift = 64 - rowBits - TagBits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(byte* p) => (uint)(Bytes.Load64(p) * _multiplier >> _hashShift);

    /// <summary>Adds a position under its hash. Of positions from 2^24 on the upper bits are lost: they are found at a wrong place, which a caller compares anyway.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Insert(uint hash, uint position) => Insert(_rows, hash, position);

    /// <summary>Adds all positions from <paramref name="from"/> to below <paramref name="end"/>.</summary>
    /// <param name="block">The block.</param>
    /// <param name="from">The first position.</param>
    /// <param name="end">One beyond the last.</param>
    /// <param name="ahead">So far ahead of each the row of another is asked for,</param>
    /// <param name="aheadEnd">below this position, from which on what lies ahead is too near the block's end to be hashed.</param>
    public void InsertAll(byte* block, int from, int end, int ahead, int aheadEnd)
    {
        // In locals: a store could change a field, for all that the compiler knows.
        ulong multiplier = _multiplier;
        int shift = _hashShift;
        uint* rows = _rows;
        for (int near = Math.Min(end, aheadEnd); from < near; from++)
        {
            MatchKernel.Prefetch(Row(rows, (uint)(Bytes.Load64(block + from + ahead) * multiplier >> shift)));
            Insert(rows, (uint)(Bytes.Load64(block + from) * multiplier >> shift), (uint)from);
        }

        for (; from < end; from++)
        {
            Insert(rows, (uint)(Bytes.Load64(block + from) * multiplier >> shift), (uint)from);
        }
    }

    /// <summary>Asks for the row of a hash that will be looked up soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint hash) => MatchKernel.Prefetch(Row(_rows, hash));

    /// <summary>
    /// The row of a hash; bit i of <paramref name="candidates"/> is entry (<paramref name="head"/> + i) mod 16, newest first, whose
    /// <see cref="Position"/> is meant.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint* Candidates(uint hash, out uint head, out uint candidates)
    {
        uint* row = Row(_rows, hash);
        head = row[0];
        Vector256<uint> tags = Vector256.Create(hash & (1 << TagBits) - 1);
        Vector256<uint> mask = Vector256.Create((1u << TagBits) - 1);
        uint low = Vector256.Equals(Vector256.Load(row) & mask, tags).ExtractMostSignificantBits();
        uint high = Vector256.Equals(Vector256.Load(row + 8) & mask, tags).ExtractMostSignificantBits();
        uint equal = (high << 8 | low) & 0xFFFE;
        candidates = (equal >> (int)head | equal << (int)(RowEntries - head)) & 0xFFFF;
        return row;
    }

    /// <summary>The position in an entry of a row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Position(uint entry) => entry >> TagBits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint* Row(uint* rows, uint hash) => rows + (hash >> TagBits << RowShift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Insert(uint* rows, uint hash, uint position)
    {
        uint* row = Row(rows, hash);
        uint head = row[0];
        head = head <= 1 ? RowEntries - 1 : head - 1;
        row[0] = head;
        row[head] = position << TagBits | hash & (1 << TagBits) - 1;
    }
}
