using NovaCron.Dwcp.Codec.Dictionary.Matching;

namespace NovaCron.Dwcp.Codec.Dictionary.Shared;

/// <summary>Where four bytes occur in a dictionary's content: made once, then read by any number of coders.</summary>
internal sealed unsafe class DictionaryIndex
{
    private const int HashBits = 16;

    private readonly int[] _heads = new int[1 << HashBits];
    private readonly int[] _next;

    /// <param name="content">The dictionary's content.</param>
    public DictionaryIndex(ReadOnlySpan<byte> content)
    {
        _heads.AsSpan().Fill(-1);
        _next = new int[content.Length];
        fixed (byte* c = content)
        {
            for (int i = 0; i + MatchKernel.Lookahead <= content.Length; i++)
            {
                uint hash = MatchKernel.Hash(c + i, 4, HashBits);
                _next[i] = _heads[hash];
                _heads[hash] = i;
            }
        }
    }

    /// <summary>The last place that may begin with the four bytes at <paramref name="p"/>, or -1.</summary>
    public int First(byte* p) => _heads[MatchKernel.Hash(p, 4, HashBits)];

    /// <summary>The place before it, or -1.</summary>
    public int Next(int place) => _next[place];
}
