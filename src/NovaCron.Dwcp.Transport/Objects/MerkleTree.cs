using System.Buffers.Binary;
using System.Numerics;

namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>
/// The root of a Merkle tree over leaves that arrive one after another, with the tree shape of RFC 6962 (section 2.1): memory grows with the logarithm of the count.
/// Leaves and nodes carry different prefixes, so that one can never be taken for the other.
/// </summary>
public sealed class MerkleTree
{
    private const byte NodePrefix = 0x01;

    // One perfect subtree per set bit of _count, largest first.
    private readonly List<ContentHash> _subtrees = [];
    private long _count;

    /// <summary>Leaves added.</summary>
    public long Count => _count;

    /// <summary>Adds one leaf's hash.</summary>
    public void Add(in ContentHash leaf) => AddSubtree(leaf, 0);

    /// <summary>Adds the same leaf <paramref name="count"/> times, in time that grows with the logarithm of the count only.</summary>
    public void AddRun(in ContentHash leaf, long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        if (count == 0) return;
        // perfect[k] is the root of 2^k such leaves.
        var perfect = new List<ContentHash> { leaf };
        while (count > 0)
        {
            var level = BitOperations.Log2((ulong)count);
            if (_count != 0) level = Math.Min(level, BitOperations.TrailingZeroCount(_count));
            while (perfect.Count <= level) perfect.Add(Combine(perfect[^1], perfect[^1]));
            AddSubtree(perfect[level], level);
            count -= 1L << level;
        }
    }

    /// <summary>The root over the leaves so far; SHA-256 of nothing when there are none.</summary>
    public ContentHash Root()
    {
        if (_subtrees.Count == 0) return ContentHash.Of([]);
        var root = _subtrees[^1];
        for (var i = _subtrees.Count - 2; i >= 0; i--) root = Combine(_subtrees[i], root);
        return root;
    }

    /// <summary>Begins again.</summary>
    public void Clear()
    {
        _subtrees.Clear();
        _count = 0;
    }

    private void AddSubtree(ContentHash hash, int level)
    {
        var carry = _count >> level;
        while ((carry & 1) != 0)
        {
            hash = Combine(_subtrees[^1], hash);
            _subtrees.RemoveAt(_subtrees.Count - 1);
            carry >>= 1;
        }

        _subtrees.Add(hash);
        _count += 1L << level;
    }

    private static ContentHash Combine(in ContentHash left, in ContentHash right)
    {
        Span<byte> input = stackalloc byte[1 + (2 * ContentHash.Size)];
        input[0] = NodePrefix;
        left.CopyTo(input[1..]);
        right.CopyTo(input[(1 + ContentHash.Size)..]);
        return ContentHash.Of(input);
    }

    internal static ContentHash ChunkLeaf(in ContentHash chunk, int length)
    {
        Span<byte> input = stackalloc byte[1 + 8 + ContentHash.Size];
        input[0] = 0x00;
        BinaryPrimitives.WriteInt64LittleEndian(input[1..], length);
        chunk.CopyTo(input[9..]);
        return ContentHash.Of(input);
    }

    internal static ContentHash ZeroLeaf(int length)
    {
        Span<byte> input = stackalloc byte[1 + 8];
        input[0] = 0x03;
        BinaryPrimitives.WriteInt64LittleEndian(input[1..], length);
        return ContentHash.Of(input);
    }
}
