using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Matching;

/// <summary>
/// A hash table with rows of fifteen candidates and a byte of each one's hash beside, so that one vector comparison picks the two or
/// three worth a look (the row matcher of zstd). A row is a ring: the newest candidate is tried first, the oldest is overwritten. Where the
/// ring begins stands in the place of the first tag, so that a search touches two lines of memory.
/// </summary>
internal sealed unsafe class RowFinder
{
    /// <summary>Entries of a row; the first is not a candidate's.</summary>
    public const int RowEntries = 16;

    private const int RowShift = 4;
    private const int TagBits = 8;

    private readonly ulong _multiplier;
    private readonly int _maxRowBits;
    private byte[] _tagArray = [];
    private uint[] _positionArray = [];
    private byte* _tags;
    private uint* _positions;
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
        int rows = 1 << rowBits;
        if (_positionArray.Length < rows * RowEntries)
        {
            _tagArray = GC.AllocateUninitializedArray<byte>(rows * RowEntries, pinned: true);
            _positionArray = GC.AllocateUninitializedArray<uint>(rows * RowEntries, pinned: true);
            _tags = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_tagArray));
            _positions = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_positionArray));
        }

        // The tags hold where a row's ring begins, which decides what it forgets first.
        _tagArray.AsSpan(0, rows * RowEntries).Clear();
        _positionArray.AsSpan(0, rows * RowEntries).Clear();
        _hashShift = 64 - rowBits - TagBits;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(byte* p) => (uint)(Bytes.Load64(p) * _multiplier >> _hashShift);

    /// <summary>Adds a position under its hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Insert(uint hash, uint position)
    {
        byte* tags = _tags + (hash >> TagBits << RowShift);
        uint head = tags[0];
        head = head <= 1 ? RowEntries - 1 : head - 1;
        tags[0] = (byte)head;
        tags[head] = (byte)hash;
        _positions[(hash >> TagBits << RowShift) + head] = position;
    }

    /// <summary>Asks for the row of a hash that will be looked up soon.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint hash)
    {
        uint row = hash >> TagBits;
        MatchKernel.Prefetch(_tags + (row << RowShift));
        MatchKernel.Prefetch(_positions + (row << RowShift));
    }

    /// <summary>The row's positions; bit i of <paramref name="candidates"/> is entry (<paramref name="head"/> + i) mod 16, newest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint* Candidates(uint hash, out uint head, out uint candidates)
    {
        uint row = hash >> TagBits;
        byte* tags = _tags + (row << RowShift);
        head = tags[0];
        uint equal = Vector128.Equals(Vector128.Load(tags), Vector128.Create((byte)hash)).ExtractMostSignificantBits() & 0xFFFE;
        candidates = (equal >> (int)head | equal << (int)(RowEntries - head)) & 0xFFFF;
        return _positions + (row << RowShift);
    }
}
