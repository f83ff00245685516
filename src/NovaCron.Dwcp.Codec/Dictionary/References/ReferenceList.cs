namespace NovaCron.Dwcp.Codec.Dictionary.References;

/// <summary>
/// The references of one block, in order and not overlapping; what they leave are its literals. A reference points at literals only, never at
/// what is itself a reference (depth one), so that reading a block needs those blocks that it names and no others.
/// </summary>
internal sealed class ReferenceList
{
    private Reference[] _items = new Reference[16];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The bytes that they stand for.</summary>
    public int Length { get; private set; }

    public Reference this[int index] => _items[index];

    public void Clear()
    {
        Count = 0;
        Length = 0;
    }

    public void Add(Reference reference)
    {
        if (Count == _items.Length)
        {
            Array.Resize(ref _items, 2 * Count);
        }

        _items[Count++] = reference;
        Length += reference.Length;
    }

    public void CopyFrom(ReferenceList other)
    {
        Clear();
        for (int i = 0; i < other.Count; i++)
        {
            Add(other[i]);
        }
    }

    /// <summary>How many blocks back the farthest of them reaches, from the block with this number in the group; 0 when there are none.</summary>
    public int Reach(int block)
    {
        int reach = 0;
        for (int i = 0; i < Count; i++)
        {
            reach = Math.Max(reach, block - _items[i].Block);
        }

        return reach;
    }

    /// <summary>The run of literals around <paramref name="position"/> in a block of <paramref name="blockLength"/> bytes.</summary>
    /// <returns>False where the position is inside of a reference.</returns>
    public bool TryGetLiterals(int position, int blockLength, out int start, out int end)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_items[middle].Start <= position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        start = low == 0 ? 0 : _items[low - 1].End;
        end = low == Count ? blockLength : _items[low].Start;
        return position >= start && position < end;
    }

    /// <summary>Moves a block's literals together.</summary>
    /// <returns>Their number.</returns>
    public int Gather(ReadOnlySpan<byte> block, Span<byte> literals)
    {
        int from = 0;
        int to = 0;
        for (int i = 0; i <= Count; i++)
        {
            int run = (i < Count ? _items[i].Start : block.Length) - from;
            block.Slice(from, run).CopyTo(literals[to..]);
            to += run;
            from = i < Count ? _items[i].End : block.Length;
        }

        return to;
    }

    /// <summary>Moves literals to their places in the block; what lies between stays as it is.</summary>
    public void Scatter(ReadOnlySpan<byte> literals, Span<byte> block)
    {
        int to = 0;
        for (int i = 0; i <= Count; i++)
        {
            int run = (i < Count ? _items[i].Start : block.Length) - to;
            literals[..run].CopyTo(block[to..]);
            literals = literals[run..];
            to = i < Count ? _items[i].End : block.Length;
        }
    }
}
