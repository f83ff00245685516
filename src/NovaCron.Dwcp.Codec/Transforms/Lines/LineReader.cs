using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Codec.Transforms.Lines;

/// <summary>
/// Takes a block of lines apart: templates, numbers, and, if asked for, words. A word is what stands between blanks, quotes, commas and brackets
/// where too many different ones stand for each to have a template of its own: behind each beginning of a line a few different names are told apart; where
/// there are more, all are words (as in the parse tree of Drain: He et al., ICWS 2017).
/// </summary>
internal sealed class LineReader
{
    /// <summary>The most beginnings that are told apart; beyond, all are words.</summary>
    private const int MostBeginnings = 1 << 17;

    /// <summary>Read twice, so that the first lines are read as the later ones are.</summary>
    private const int Learned = 1 << 18;

    /// <summary>Letters that may follow a number as its unit.</summary>
    private const int LongestUnit = 3;

    private readonly LineTemplates _templates;
    private readonly Dictionary<ulong, int> _names = [];
    private readonly HashSet<ulong> _known = [];
    private byte[] _template = [];
    private LineNumber[] _numbers = [];
    private int[] _numberColumns = [];
    private Word[] _words = [];
    private int[] _wordColumns = [];
    private ushort[] _lines = [];
    private int _mostNames;
    private int _lineCount;
    private int _numberCount;
    private int _wordCount;

    /// <summary>A word: where it stands in the block, and the hash of its bytes.</summary>
    public readonly record struct Word(int Start, int Length, ulong Hash);

    public LineReader(LineTemplates templates) => _templates = templates;

    /// <summary>The template of each line.</summary>
    public ReadOnlySpan<ushort> Lines => _lines.AsSpan(0, _lineCount);

    /// <summary>All numbers, in the order of the block, and the column of each.</summary>
    public ReadOnlySpan<LineNumber> Numbers => _numbers.AsSpan(0, _numberCount);

    /// <inheritdoc cref="Numbers"/>
    public ReadOnlySpan<int> NumberColumns => _numberColumns.AsSpan(0, _numberCount);

    /// <summary>All words, in the order of the block, and the column of each.</summary>
    public ReadOnlySpan<Word> Words => _words.AsSpan(0, _wordCount);

    /// <inheritdoc cref="Words"/>
    public ReadOnlySpan<int> WordColumns => _wordColumns.AsSpan(0, _wordCount);

    /// <summary>The most numbers and words of a block, which bounds what both sides work and keep: where there are more, they are too short to gain.</summary>
    public static int Most(int blockLength) => blockLength / 4;

    /// <summary>Takes the block apart.</summary>
    /// <param name="block">At least one byte.</param>
    /// <param name="mostNames">How many different names may follow one beginning of a line before all are words; 0: there are no words.</param>
    /// <returns>False when it is not worth it: more numbers and words than a fourth of its bytes, or templates for more than half of its lines.</returns>
    public bool Read(ReadOnlySpan<byte> block, int mostNames)
    {
        _mostNames = mostNames;
        _names.Clear();
        _known.Clear();
        _lineCount = 0;
        if (mostNames > 0)
        {
            _templates.Clear(block.Length + 1);
            for (int at = 0; at < Math.Min(block.Length, Learned);)
            {
                _numberCount = _wordCount = 0;
                int end = End(block, at);
                ReadLine(block, at, end);
                at = end + 1;
            }
        }

        _templates.Clear(block.Length + 1);
        _numberCount = _wordCount = 0;
        int most = Most(block.Length);
        for (int at = 0; at < block.Length;)
        {
            int end = End(block, at);
            int firstNumber = _numberCount;
            int firstWord = _wordCount;
            int length = ReadLine(block, at, end);
            int found = _templates.Find(_template.AsSpan(0, length));
            if (found < 0 || _numberCount + _wordCount > most)
            {
                return false;
            }

            foreach (int column in _templates.ColumnsOf(found))
            {
                if (_templates.IsWord(column))
                {
                    _wordColumns[firstWord++] = column;
                }
                else
                {
                    _numberColumns[firstNumber++] = column;
                }
            }

            if (_lineCount == _lines.Length)
            {
                Array.Resize(ref _lines, Math.Max(1024, _lineCount * 2));
            }

            _lines[_lineCount++] = (ushort)found;
            if (_lineCount % 4096 == 0 && _templates.Count > _lineCount / 2)
            {
                return false;
            }

            at = end + 1;
        }

        return _numberCount + _wordCount > 0 && _templates.Count <= _lineCount / 2;
    }

    private static int End(ReadOnlySpan<byte> block, int at)
    {
        int length = block[at..].IndexOf((byte)'\n');
        return length < 0 ? block.Length : at + length;
    }

    /// <summary>Writes the template of the line at <paramref name="at"/>..<paramref name="end"/> and adds its numbers and words.</summary>
    /// <returns>The template's length.</returns>
    private int ReadLine(ReadOnlySpan<byte> block, int at, int end)
    {
        if (_template.Length < end - at)
        {
            _template = new byte[Math.Max(end - at, 2 * _template.Length)];
        }

        int length = 0;
        ulong hash = LineTemplates.HashStart;
        while (at < end)
        {
            byte b = block[at];
            if (IsDelimiter(b))
            {
                _template[length++] = b;
                hash = LineTemplates.Step(hash, b);
                at++;
                continue;
            }

            int next = FieldEnd(block, at, end);
            int start = length;
            int firstNumber = _numberCount;
            bool isName = ReadField(block[at..next], ref length);
            ulong after = hash;
            foreach (byte t in _template.AsSpan(start, length - start))
            {
                after = LineTemplates.Step(after, t);
            }

            if (_mostNames > 0 && isName && !IsKnown(hash, after))
            {
                _numberCount = firstNumber;
                length = start;
                _template[length++] = LineTemplates.WordMark;
                after = LineTemplates.Step(hash, LineTemplates.WordMark);
                AddWord(block, at, next);
            }

            hash = after;
            at = next;
        }

        return length;
    }

    /// <summary>Whether what stands behind a beginning is one of its few names.</summary>
    private bool IsKnown(ulong beginning, ulong name)
    {
        ref int names = ref CollectionsMarshal.GetValueRefOrAddDefault(_names, beginning, out _);
        if (names > _mostNames || _known.Count >= MostBeginnings)
        {
            return false;
        }

        names += _known.Add(name) ? 1 : 0;
        return names <= _mostNames;
    }

    private void AddWord(ReadOnlySpan<byte> block, int at, int end)
    {
        ulong hash = LineTemplates.HashStart;
        foreach (byte b in block[at..end])
        {
            hash = LineTemplates.Step(hash, b);
        }

        if (_wordCount == _words.Length)
        {
            Array.Resize(ref _words, Math.Max(1024, _wordCount * 2));
            Array.Resize(ref _wordColumns, _words.Length);
        }

        _words[_wordCount++] = new Word(at, end - at, hash);
    }

    /// <summary>A field ends at a delimiter; an equals sign is one where no path began.</summary>
    private static int FieldEnd(ReadOnlySpan<byte> block, int at, int end)
    {
        bool path = false;
        for (; at < end && !IsDelimiter(block[at]); at++)
        {
            path |= block[at] == '/';
            if (block[at] == '=' && !path)
            {
                return at + 1;
            }
        }

        return at;
    }

    private static bool IsDelimiter(byte b) => b is (byte)' ' or (byte)'"' or (byte)',' or (byte)';' or (byte)'|' or (byte)'(' or (byte)')' or (byte)'[' or (byte)']'
        or (byte)'{' or (byte)'}' or (byte)'<' or (byte)'>' or (byte)'\t' or (byte)'\r';

    /// <summary>Writes a field with a mark in place of each number.</summary>
    /// <returns>Whether there is anything else in it but numbers and punctuation.</returns>
    private bool ReadField(ReadOnlySpan<byte> field, ref int length)
    {
        bool isName = false;
        byte before = 0;
        for (int i = 0; i < field.Length;)
        {
            byte b = field[i];
            if (!IsDigit(b) || IsWordByte(before))
            {
                isName |= IsWordByte(b) || b >= 128;

                // The T between a date and a time joins two numbers.
                before = b == 'T' && IsDigit(before) ? (byte)'-' : b;
                _template[length++] = b;
                i++;
                continue;
            }

            if (LineNumber.TryRead(field[i..], out LineNumber number, out int taken) && IsWhole(field[(i + taken)..], number))
            {
                if (_numberCount == _numbers.Length)
                {
                    Array.Resize(ref _numbers, Math.Max(1024, _numberCount * 2));
                    Array.Resize(ref _numberColumns, _numbers.Length);
                }

                _numbers[_numberCount++] = number;
                _template[length++] = LineTemplates.NumberMark;
            }
            else
            {
                // The digits of an address, a version or an identifier.
                taken = 1;
                while (i + taken < field.Length && (IsDigit(field[i + taken]) || field[i + taken] == '.'))
                {
                    taken++;
                }

                field.Slice(i, taken).CopyTo(_template.AsSpan(length));
                length += taken;
                isName = true;
            }

            i += taken;
            before = field[i - 1];
        }

        return isName;
    }

    /// <summary>
    /// Whether a number ends where it was read to: before anything but letters, before a unit, or before the T of a time. Addresses and versions go on with
    /// a point, identifiers with letters and digits.
    /// </summary>
    private static bool IsWhole(ReadOnlySpan<byte> rest, LineNumber number)
    {
        if (rest.IsEmpty)
        {
            return true;
        }

        if (number.Fraction > 0 && rest[0] == '.' && rest.Length > 1 && IsDigit(rest[1]))
        {
            return false;
        }

        int letters = 0;
        while (letters < rest.Length && letters <= LongestUnit && IsWordByte(rest[letters]) && !IsDigit(rest[letters]))
        {
            letters++;
        }

        return letters <= LongestUnit && (letters == 0 || letters == rest.Length || !IsDigit(rest[letters]) || letters == 1 && rest[0] == 'T');
    }

    private static bool IsDigit(byte b) => (uint)(b - '0') <= 9;

    private static bool IsWordByte(byte b) => (uint)((b | 0x20) - 'a') < 26 || b == '_' || IsDigit(b);
}
