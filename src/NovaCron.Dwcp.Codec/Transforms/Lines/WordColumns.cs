namespace NovaCron.Dwcp.Codec.Transforms.Lines;

/// <summary>
/// The columns of words of a block and the text of their words. Where words come again a column is numbers of words, and each word is written out once.
/// </summary>
internal sealed class WordColumns
{
    private readonly Dictionary<ulong, int> _byHash = [];
    private WordColumn[] _columns = [];
    private LineReader.Word[] _sorted = [];
    private int[] _numbers = [];
    private byte[] _text = [];
    private int _textLength;
    private int[] _starts = [];

    /// <summary>The words that are written out, each ended by a line feed, column after column.</summary>
    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _textLength);

    /// <summary>A column by its number among all columns; those of numbers stay unused.</summary>
    public ref WordColumn this[int column] => ref _columns[column];

    /// <summary>Forgets everything.</summary>
    public void Clear(int columns)
    {
        if (_columns.Length < columns)
        {
            _columns = new WordColumn[Math.Max(columns, _columns.Length * 2)];
        }

        _columns.AsSpan(0, columns).Clear();
        _textLength = 0;
    }

    /// <summary>Brings the words of each column together, chooses how each column is written and writes the words out.</summary>
    public void Sort(ReadOnlySpan<byte> block, ReadOnlySpan<LineReader.Word> words, ReadOnlySpan<int> columns, int columnCount)
    {
        Clear(columnCount);
        if (_sorted.Length < words.Length)
        {
            _sorted = new LineReader.Word[Math.Max(words.Length, _sorted.Length * 2)];
            _numbers = new int[_sorted.Length];
        }

        long room = 0;
        for (int i = 0; i < words.Length; i++)
        {
            _columns[columns[i]].Count++;
            room += words[i].Length + 1;
        }

        if (_text.Length < room)
        {
            _text = GC.AllocateUninitializedArray<byte>((int)room);
        }

        int at = 0;
        for (int c = 0; c < columnCount; c++)
        {
            _columns[c].First = _columns[c].Next = at;
            at += _columns[c].Count;
        }

        for (int i = 0; i < words.Length; i++)
        {
            _sorted[_columns[columns[i]].Next++] = words[i];
        }

        for (int c = 0; c < columnCount; c++)
        {
            if (_columns[c].Count > 0)
            {
                Choose(ref _columns[c], block);
            }
        }
    }

    private void Choose(ref WordColumn column, ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<LineReader.Word> words = _sorted.AsSpan(column.First, column.Count);
        Span<int> numbers = _numbers.AsSpan(column.First, column.Count);
        _byHash.Clear();
        int different = 0;
        for (int i = 0; i < words.Length; i++)
        {
            // Two words with one hash push each other out: each is then new again and again, which costs bytes and nothing else.
            bool known = _byHash.TryGetValue(words[i].Hash, out int first) && TextOf(block, words[first]).SequenceEqual(TextOf(block, words[i]));
            numbers[i] = known ? numbers[first] : ++different;
            if (!known)
            {
                _byHash[words[i].Hash] = i;
            }
        }

        column.Planes = different > words.Length / 2 || different > WordColumn.MostDifferent ? 0 : different <= byte.MaxValue ? 1 : 2;
        int met = 0;
        for (int i = 0; i < words.Length; i++)
        {
            if (numbers[i] > met)
            {
                met = numbers[i];
                numbers[i] = 0;
            }
            else if (column.Planes > 0)
            {
                continue;
            }

            TextOf(block, words[i]).CopyTo(_text.AsSpan(_textLength));
            _textLength += words[i].Length;
            _text[_textLength++] = (byte)'\n';
        }
    }

    private static ReadOnlySpan<byte> TextOf(ReadOnlySpan<byte> block, LineReader.Word word) => block.Slice(word.Start, word.Length);

    /// <summary>Writes a column's planes.</summary>
    public void WriteData(int index, Span<byte> data)
    {
        ref WordColumn column = ref _columns[index];
        ReadOnlySpan<int> numbers = _numbers.AsSpan(column.First, column.Count);
        for (int plane = 0; plane < column.Planes; plane++)
        {
            for (int i = 0; i < numbers.Length; i++)
            {
                data[plane * numbers.Length + i] = (byte)(numbers[i] >> 8 * plane);
            }
        }
    }

    /// <summary>Finds the words of each column, whose places in the data have been checked.</summary>
    /// <returns>False when there are not as many words as the columns say.</returns>
    public bool Read(ReadOnlySpan<byte> text, ReadOnlySpan<byte> data, int columnCount, int most)
    {
        int words = 0;
        for (int at = 0; at < text.Length;)
        {
            int length = text[at..].IndexOf((byte)'\n');
            if (length < 0 || words == most)
            {
                return false;
            }

            if (words + 1 >= _starts.Length)
            {
                Array.Resize(ref _starts, Math.Max(1024, _starts.Length * 2));
            }

            _starts[words++] = at;
            at += length + 1;
            _starts[words] = at;
        }

        long taken = 0;
        for (int c = 0; c < columnCount; c++)
        {
            ref WordColumn column = ref _columns[c];
            column.First = (int)Math.Min(taken, int.MaxValue);
            int written = column.Count;
            if (column.Planes > 0)
            {
                written = 0;
                for (int i = 0; i < column.Count; i++)
                {
                    written += Number(column, data, i) == 0 ? 1 : 0;
                }
            }

            taken += written;
        }

        return taken == words;
    }

    private static int Number(in WordColumn column, ReadOnlySpan<byte> data, int i) =>
        column.Planes == 1 ? data[column.Data + i] : data[column.Data + i] | data[column.Data + column.Count + i] << 8;

    /// <summary>The next word of a column.</summary>
    /// <exception cref="DwcpFormatException">It is one that was not met yet.</exception>
    public ReadOnlySpan<byte> Next(int index, ReadOnlySpan<byte> text, ReadOnlySpan<byte> data)
    {
        ref WordColumn column = ref _columns[index];
        int number = column.Planes == 0 ? 0 : Number(column, data, column.Next);
        column.Next++;
        if (number > column.Met)
        {
            throw new DwcpFormatException("A word of a block of lines is referred to before it stands.");
        }

        int word = column.First + (number == 0 ? column.Met++ : number - 1);
        return text[_starts[word].._starts[word + 1]][..^1];
    }
}
