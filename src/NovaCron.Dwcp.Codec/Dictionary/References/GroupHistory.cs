namespace NovaCron.Dwcp.Codec.Dictionary.References;

/// <summary>
/// The blocks of a group that came before: their bytes, and which of them are literals. Grows as blocks come, up to the group's length, and
/// keeps its buffers when the next group starts. Not thread-safe.
/// </summary>
internal sealed class GroupHistory
{
    private readonly List<byte[]> _contents = [];
    private readonly List<ReferenceList> _references = [];
    private readonly Stack<byte[]> _idle = new();
    private int[] _lengths = new int[8];

    /// <summary>Blocks that are here.</summary>
    public int Count { get; private set; }

    /// <summary>Forgets the blocks: the next group starts.</summary>
    public void Restart() => Count = 0;

    public ReadOnlySpan<byte> this[int block] => _contents[block].AsSpan(0, _lengths[block]);

    public ReferenceList References(int block) => _references[block];

    /// <summary>Adds the next block by copying it.</summary>
    public void Add(ReadOnlySpan<byte> content, ReferenceList references)
    {
        byte[] buffer = Next(content.Length);
        content.CopyTo(buffer);
        Put(buffer, content.Length, references);
    }

    /// <summary>Adds the next block by taking its buffer.</summary>
    /// <returns>A buffer to use in its place; empty where there is none yet.</returns>
    public byte[] Exchange(byte[] content, int length, ReferenceList references)
    {
        if (Count < _contents.Count)
        {
            _idle.Push(_contents[Count]);
        }

        Put(content, length, references);
        return _idle.Count > 0 ? _idle.Pop() : [];
    }

    /// <summary>Copies what the references of a block stand for into it.</summary>
    /// <exception cref="DwcpFormatException">A reference points at what is no literal.</exception>
    public void Resolve(ReferenceList references, Span<byte> block)
    {
        for (int i = 0; i < references.Count; i++)
        {
            Copy(references[i], this[references[i].Block], _references[references[i].Block], block);
        }
    }

    /// <summary>Copies what one reference stands for.</summary>
    /// <exception cref="DwcpFormatException">It points at what is no literal.</exception>
    public static void Copy(Reference reference, ReadOnlySpan<byte> source, ReferenceList sourceReferences, Span<byte> block)
    {
        if (!sourceReferences.TryGetLiterals(reference.Offset, source.Length, out _, out int end) || reference.Length > end - reference.Offset)
        {
            throw new DwcpFormatException("A reference points at what is itself a reference, or beyond its block; references have depth one.");
        }

        source.Slice(reference.Offset, reference.Length).CopyTo(block[reference.Start..]);
    }

    private byte[] Next(int length) =>
        Count < _contents.Count && _contents[Count].Length >= length ? _contents[Count] : GC.AllocateUninitializedArray<byte>(length);

    private void Put(byte[] buffer, int length, ReferenceList references)
    {
        if (Count == _contents.Count)
        {
            _contents.Add(buffer);
            _references.Add(new ReferenceList());
        }

        if (Count == _lengths.Length)
        {
            Array.Resize(ref _lengths, 2 * Count);
        }

        _contents[Count] = buffer;
        _lengths[Count] = length;
        _references[Count].CopyFrom(references);
        Count++;
    }
}
