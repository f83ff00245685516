namespace NovaCron.Dwcp.Codec.Transforms.Lines;

/// <summary>
/// The templates of a block: lines with a mark in place of each number and word. Each mark has a column; templates that are the same up to and with
/// a mark share it, so that a time at the front of every line is one column whatever follows.
/// </summary>
internal sealed class LineTemplates
{
    /// <summary>Stands in a template for a number. Blocks that contain it are not transformed.</summary>
    public const byte NumberMark = 1;

    /// <summary>Stands in a template for a word. Blocks that contain it are not transformed.</summary>
    public const byte WordMark = 2;

    /// <summary>The most templates, and the most columns, of a block.</summary>
    public const int Max = 1 << 16;

    /// <summary>The hash of nothing (FNV-1a).</summary>
    public const ulong HashStart = 0xCBF2_9CE4_8422_2325;
    private const ulong HashPrime = 0x0000_0100_0000_01B3;

    private readonly Dictionary<ulong, int> _columns = [];
    private readonly Dictionary<ulong, int> _byHash = [];
    private byte[] _text = [];
    private int[] _starts = new int[256];
    private int[] _firstMarks = new int[256];
    private int[] _markColumns = new int[1024];
    private bool[] _columnIsWord = new bool[256];
    private int _textLength;
    private int _marks;

    /// <summary>How many templates there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many columns there are.</summary>
    public int Columns => _columns.Count;

    /// <summary>The templates, each ended by a line feed, in the order of their numbers.</summary>
    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _textLength);

    /// <summary>Whether a column holds words, else numbers.</summary>
    public bool IsWord(int column) => _columnIsWord[column];

    /// <summary>The hash of what was hashed and a byte more.</summary>
    public static ulong Step(ulong hash, byte b) => (hash ^ b) * HashPrime;

    /// <summary>Forgets everything.</summary>
    /// <param name="textCapacity">What the templates take together at most, bytes.</param>
    public void Clear(int textCapacity)
    {
        _columns.Clear();
        _byHash.Clear();
        Count = 0;
        _textLength = 0;
        _marks = 0;
        if (_text.Length < textCapacity)
        {
            _text = GC.AllocateUninitializedArray<byte>(textCapacity);
        }
    }

    /// <summary>A template's bytes.</summary>
    public ReadOnlySpan<byte> this[int template] => _text.AsSpan(_starts[template], _starts[template + 1] - _starts[template] - 1);

    /// <summary>The columns of a template's marks, in order.</summary>
    public ReadOnlySpan<int> ColumnsOf(int template) => _markColumns.AsSpan(_firstMarks[template], _firstMarks[template + 1] - _firstMarks[template]);

    /// <summary>The number of a template, which is added if it is new.</summary>
    /// <returns>-1 when there is no room for it.</returns>
    public int Find(ReadOnlySpan<byte> template)
    {
        ulong hash = HashStart;
        foreach (byte b in template)
        {
            hash = Step(hash, b);
        }

        // Two templates with one hash push each other out: each is then added again and again, which costs bytes and nothing else.
        return _byHash.TryGetValue(hash, out int known) && this[known].SequenceEqual(template) ? known : Add(template, hash);
    }

    /// <summary>Adds a template that a payload holds.</summary>
    /// <returns>False when there is no room for it.</returns>
    public bool Add(ReadOnlySpan<byte> template) => Add(template, 0) >= 0;

    private int Add(ReadOnlySpan<byte> template, ulong hash)
    {
        if (Count == Max || template.Length >= _text.Length - _textLength)
        {
            return -1;
        }

        if (Count + 2 > _starts.Length)
        {
            Array.Resize(ref _starts, _starts.Length * 2);
            Array.Resize(ref _firstMarks, _firstMarks.Length * 2);
        }

        ulong prefix = HashStart;
        foreach (byte b in template)
        {
            prefix = Step(prefix, b);
            if (b is not (NumberMark or WordMark))
            {
                continue;
            }

            if (!_columns.TryGetValue(prefix, out int column))
            {
                if (_columns.Count == Max)
                {
                    return -1;
                }

                _columns.Add(prefix, column = _columns.Count);
                if (column == _columnIsWord.Length)
                {
                    Array.Resize(ref _columnIsWord, column * 2);
                }

                _columnIsWord[column] = b == WordMark;
            }

            if (_marks == _markColumns.Length)
            {
                Array.Resize(ref _markColumns, _markColumns.Length * 2);
            }

            _markColumns[_marks++] = column;
        }

        template.CopyTo(_text.AsSpan(_textLength));
        _textLength += template.Length;
        _text[_textLength++] = (byte)'\n';
        _starts[Count + 1] = _textLength;
        _firstMarks[Count + 1] = _marks;
        _byHash[hash] = Count;
        return Count++;
    }
}
