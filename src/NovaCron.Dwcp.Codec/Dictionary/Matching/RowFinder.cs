using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NovaCron.Dwcp.Codec.Dictionary.Matching;

/// <summary>
/// A hash table with rows of sixteen candidates and a byte of each one's hash beside, so that one vector comparison picks the two or
/// three worth a look (the row matcher of zstd). A row is a ring: the newest candidate is tried first, the oldest is overwritten.
/// </summary>
internal sealed unsafe class RowFinder
{
    public const int RowEntries = 16;
    private const int RowShift = 4;
    private const int TagBits = 8;

    private readonly int _hashBytes;
    private readonly int _maxRowBits;
    private byte[] _tagArray = [];
    private byte[] _headArray = [];
    private uint[] _positionArray = [];
    private byte* _tags;
    private byte* _heads;
    private uint* _positions;
    private int _hashBits;

    /// <param name="hashBytes">The bytes that a candidate shares at least, 3 to 8.</param>
    /// <param name="maxRowBits">Binary logarithm of the most rows.</param>
    public RowFinder(int hashBytes, int maxRowBits)
    {
        _hashBytes = hashBytes;
        _maxRowBits = maxRowBits;
    }

    /// <summary>Empties the table, sized for a block of <paramref name="length"/> bytes: an entry for every position, if allowed.</summary>
    public void Begin(int length)
    {
        int rowBits = Math.Clamp(32 - BitOperations.LeadingZeroCount((uint)length) - RowShift, 6, _maxRowBits);
        int rows = 1 << rowBits;
        if (_headArray.Length < rows)
        {
            _headArray = GC.AllocateUninitializedArray<byte>(rows, pinned: true);
            _tagArray = GC.AllocateUninitializedArray<byte>(rows * RowEntries, pinned: true);
            _positionArray = GC.AllocateUninitializedArray<uint>(rows * RowEntries, pinned: true);
            _heads = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_headArray));
            _tags = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_tagArray));
            _positions = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_positionArray));
        }

        // Heads, too: where a row's ring starts decides what it forgets first.
        _headArray.AsSpan(0, rows).Clear();
        _tagArray.AsSpan(0, rows * RowEntries).Clear();
        _positionArray.AsSpan(0, rows * RowEntries).Clear();
        _hashBits = rowBits + TagBits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(byte* p) => MatchKernel.Hash(p, _hashBytes, _hashBits);

    /// <summary>Adds a position under its hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Insert(uint hash, uint position)
    {
        uint row = hash >> TagBits;
        uint head = (uint)(_heads[row] - 1) & RowEntries - 1;
        _heads[row] = (byte)head;
        uint entry = (row << RowShift) + head;
        _tags[entry] = (byte)hash;
        _positions[entry] = position;
    }

    /// <summary>Asks for the row of a hash that will be looked up soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint hash)
    {
        if (Sse.IsSupported)
        {
            uint row = hash >> TagBits;
            Sse.Prefetch0(_tags + (row << RowShift));
            Sse.Prefetch0(_positions + (row << RowShift));
        }
    }

    /// <summary>The row's positions; bit i of <paramref name="candidates"/> is entry (<paramref name="head"/> + i) mod 16, newest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint* Candidates(uint hash, out uint head, out uint candidates)
    {
        uint row = hash >> TagBits;
        head = _heads[row];
        uint equal = Vector128.Equals(Vector128.Load(_tags + (row << RowShift)), Vector128.Create((byte)hash)).ExtractMostSignificantBits();
        candidates = (equal >> (int)head | equal << (int)(RowEntries - head)) & 0xFFFF;
        return _positions + (row << RowShift);
    }
}
