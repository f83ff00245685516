using System.Buffers.Binary;
using System.Numerics;
using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Transforms.Lines;

/// <summary>
/// Text in lines - logs, CSV, metrics - to templates and columns of numbers and words. Parameters: varint lines, varint templates, a byte: 1 if the
/// last line has no line feed. Streams: the templates; the number of each line's template, low bytes, then (above 256 templates) high bytes; the
/// columns' headers; the columns' data; the words.
/// </summary>
internal sealed class LineTransform : ITransform
{
    private const int HeaderSize = 20;
    private const int StreamCount = 5;
    private readonly LineTemplates _templates = new();
    private readonly LineReader _reader;
    private readonly WordColumns _words = new();
    private LineNumber[] _sorted = [];
    private ulong[] _written = [];
    private ColumnCoding[] _columns = [];
    private byte[] _headers = [];

    public LineTransform() => _reader = new LineReader(_templates);

    /// <inheritdoc/>
    public TransformId Id => TransformId.Lines;

    /// <inheritdoc/>
    public bool InPlace => false;

    /// <summary>
    /// By how many names may follow the same beginning of a line: no words at all is best where the same lines come again and again, as in scrapes;
    /// eight names make a template for each level, verb and program of a log; three, where lines have so many fields that eight make too many templates.
    /// </summary>
    private static ReadOnlySpan<byte> MostNames => [0, 8, 3];

    /// <inheritdoc/>
    public int Ways => MostNames.Length;

    /// <inheritdoc/>
    public bool TryForward(ReadOnlySpan<byte> block, TransformStreams output, int way)
    {
        output.Clear(block.Length);
        if (!TextDetector.IsText(block) || block.IndexOfAny(LineTemplates.NumberMark, LineTemplates.WordMark) >= 0 || !_reader.Read(block, MostNames[way]))
        {
            return false;
        }

        ReadOnlySpan<ushort> lines = _reader.Lines;
        Span<byte> parameters = stackalloc byte[2 * Bytes.MaxVarint + 1];
        int n = Bytes.WriteVarint(parameters, (uint)lines.Length);
        n += Bytes.WriteVarint(parameters[n..], (uint)_templates.Count);
        parameters[n++] = block[^1] == '\n' ? (byte)0 : (byte)1;
        output.AddParameters(parameters[..n]);
        int idBytes = _templates.Count > 256 ? 2 : 1;
        int columns = _templates.Columns;
        if (_templates.Text.Length > output.Left - (long)lines.Length * idBytes)
        {
            return false;
        }

        _templates.Text.CopyTo(output.Add(_templates.Text.Length));
        Span<byte> ids = output.Add(lines.Length * idBytes);
        for (int i = 0; i < lines.Length; i++)
        {
            ids[i] = (byte)lines[i];
            if (idBytes == 2)
            {
                ids[lines.Length + i] = (byte)(lines[i] >> 8);
            }
        }

        Sort(_reader.Numbers, _reader.NumberColumns, columns);
        _words.Sort(block, _reader.Words, _reader.WordColumns, columns);
        byte[] headers = Grown(ref _headers, columns * HeaderSize);
        int headersLength = 0;
        long dataLength = 0;
        int first = 0;
        for (int c = 0; c < columns; c++)
        {
            if (_templates.IsWord(c))
            {
                ref WordColumn words = ref _words[c];
                headers[headersLength++] = (byte)words.Planes;
                words.Data = (int)Math.Min(dataLength, int.MaxValue);
                dataLength += words.DataLength;
                continue;
            }

            ref ColumnCoding column = ref _columns[c];
            Choose(ref column, _sorted.AsSpan(first, column.Count));
            headersLength += WriteHeader(column, headers.AsSpan(headersLength));
            column.Data = (int)Math.Min(dataLength, int.MaxValue);
            dataLength += column.DataLength;
            first += column.Count;
        }

        if (headersLength + dataLength + _words.Text.Length > output.Left)
        {
            return false;
        }

        headers.AsSpan(0, headersLength).CopyTo(output.Add(headersLength));
        Span<byte> data = output.Add((int)dataLength);
        first = 0;
        for (int c = 0; c < columns; c++)
        {
            if (_templates.IsWord(c))
            {
                _words.WriteData(c, data[_words[c].Data..]);
                continue;
            }

            WriteData(_columns[c], _sorted.AsSpan(first, _columns[c].Count), data[_columns[c].Data..]);
            first += _columns[c].Count;
        }

        _words.Text.CopyTo(output.Add(_words.Text.Length));
        return true;
    }

    private static T[] Grown<T>(ref T[] array, int length) => array.Length >= length ? array : array = new T[Math.Max(length, array.Length * 2)];

    /// <summary>Counts the columns' numbers and brings them together.</summary>
    private void Sort(ReadOnlySpan<LineNumber> numbers, ReadOnlySpan<int> numberColumns, int columns)
    {
        Grown(ref _columns, columns);
        Grown(ref _sorted, numbers.Length);
        Grown(ref _written, numbers.Length);
        _columns.AsSpan(0, columns).Clear();
        foreach (int column in numberColumns)
        {
            _columns[column].Count++;
        }

        int at = 0;
        for (int c = 0; c < columns; c++)
        {
            _columns[c].Next = at;
            at += _columns[c].Count;
        }

        for (int i = 0; i < numbers.Length; i++)
        {
            _sorted[_columns[numberColumns[i]].Next++] = numbers[i];
        }
    }

    private void Choose(ref ColumnCoding column, Span<LineNumber> numbers)
    {
        bool canonical = true, fixedWhole = true, fixedFraction = true;
        int scale = 0, mostWhole = 0;
        foreach (LineNumber number in numbers)
        {
            canonical &= number.Whole == number.CanonicalWhole;
            fixedWhole &= number.Whole == numbers[0].Whole;
            fixedFraction &= number.Fraction == numbers[0].Fraction;
            scale = Math.Max(scale, number.Fraction);
            mostWhole = Math.Max(mostWhole, number.Whole);
        }

        column.Wholes = canonical ? ColumnCoding.WholeDigits.Canonical : fixedWhole ? ColumnCoding.WholeDigits.Fixed : ColumnCoding.WholeDigits.Listed;
        column.Whole = numbers[0].Whole;
        column.Scale = scale;
        column.Fractions = fixedFraction ? ColumnCoding.FractionDigits.Fixed
            : mostWhole + scale > LineNumber.MaxDigits ? ColumnCoding.FractionDigits.Unscaled
            : ColumnCoding.FractionDigits.Stripped;
        foreach (LineNumber number in numbers)
        {
            if (column.Fractions == ColumnCoding.FractionDigits.Stripped && number.Fraction > 0 && number.Value % 10 == 0)
            {
                column.Fractions = ColumnCoding.FractionDigits.Listed;
            }
        }

        // The sum of the differences' lengths in bits says which prediction is best; the longest says how many planes they take.
        Span<ulong> values = _written.AsSpan(0, numbers.Length);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Scaled(column, numbers[i]);
        }

        Span<long> cost = stackalloc long[3];
        Span<ulong> bits = stackalloc ulong[3];
        cost.Clear();
        bits.Clear();
        ulong previous = values[0];
        ulong step = values.Length > 1 ? values[1] - values[0] : 0;
        for (int i = 0; i < values.Length; i++)
        {
            ulong value = values[i];
            ulong difference = value - previous;
            ulong delta = ColumnCoding.ZigZag(difference);
            ulong twice = i == 0 ? 0 : ColumnCoding.ZigZag(difference - step);
            step = i == 0 ? step : difference;
            previous = value;
            cost[0] += BitOperations.Log2(value | 1);
            cost[1] += BitOperations.Log2(delta | 1);
            cost[2] += BitOperations.Log2(twice | 1);
            bits[0] |= value;
            bits[1] |= delta;
            bits[2] |= twice;
        }

        int best = cost[1] < cost[0] ? 1 : 0;
        best = cost[2] + values.Length / 8 < cost[best] ? 2 : best;
        column.Predict = (ColumnCoding.Prediction)best;
        column.Planes = bits[best] == 0 ? 0 : BitOperations.Log2(bits[best]) / 8 + 1;
        column.Previous = best > 0 ? values[0] : 0;
        column.Step = best == 2 && values.Length > 1 ? values[1] - values[0] : 0;
    }

    private static ulong Scaled(in ColumnCoding column, LineNumber number) =>
        column.Fractions is ColumnCoding.FractionDigits.Listed or ColumnCoding.FractionDigits.Stripped
            ? number.Value * LineNumber.Powers[column.Scale - number.Fraction]
            : number.Value;

    private static int WriteHeader(in ColumnCoding column, Span<byte> header)
    {
        header[0] = (byte)((byte)column.Predict | (byte)column.Wholes << 2 | (byte)column.Fractions << 4);
        header[1] = (byte)column.Planes;
        header[2] = (byte)column.Scale;
        int n = 3;
        if (column.Wholes == ColumnCoding.WholeDigits.Fixed)
        {
            header[n++] = (byte)column.Whole;
        }

        if (column.Predict >= ColumnCoding.Prediction.Delta)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(header[n..], column.Previous);
            n += 8;
        }

        if (column.Predict == ColumnCoding.Prediction.DoubleDelta)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(header[n..], column.Step);
            n += 8;
        }

        return n;
    }

    private static void WriteData(ColumnCoding column, ReadOnlySpan<LineNumber> numbers, Span<byte> data)
    {
        int count = column.Count;
        bool listWholes = column.Wholes == ColumnCoding.WholeDigits.Listed;
        int fractions = (column.Planes + (listWholes ? 1 : 0)) * count;
        bool listFractions = column.Fractions is ColumnCoding.FractionDigits.Listed or ColumnCoding.FractionDigits.Unscaled;
        for (int i = 0; i < count; i++)
        {
            ulong value = Scaled(column, numbers[i]);
            ulong written = value;
            if (column.Predict != ColumnCoding.Prediction.None)
            {
                ulong difference = value - column.Previous;
                bool twice = column.Predict == ColumnCoding.Prediction.DoubleDelta && i > 0;
                written = ColumnCoding.ZigZag(twice ? difference - column.Step : difference);
                column.Step = i > 0 ? difference : column.Step;
                column.Previous = value;
            }

            for (int k = 0; k < column.Planes; k++, written >>= 8)
            {
                data[k * count + i] = (byte)written;
            }

            if (listWholes)
            {
                data[column.Planes * count + i] = numbers[i].Whole;
            }

            if (listFractions)
            {
                data[fractions + i] = numbers[i].Fraction;
            }
        }
    }

    /// <inheritdoc/>
    public void Inverse(TransformStreams input, Span<byte> block)
    {
        ReadOnlySpan<byte> parameters = input.Parameters;
        uint lines = Bytes.ReadVarint(ref parameters);
        uint templates = Bytes.ReadVarint(ref parameters);
        int idBytes = templates > 256 ? 2 : 1;
        if (parameters.Length != 1 || parameters[0] > 1 || input.Count != StreamCount || templates is 0 or > LineTemplates.Max || lines == 0
            || (long)lines * idBytes != input[1].Length)
        {
            throw Malformed("counts");
        }

        ReadTemplates(input[0], (int)templates);
        ReadOnlySpan<byte> ids = input[1];
        int columns = _templates.Columns;
        Grown(ref _columns, columns);
        _columns.AsSpan(0, columns).Clear();
        _words.Clear(columns);
        long marked = 0;
        for (int i = 0; i < (int)lines; i++)
        {
            int id = idBytes == 1 ? ids[i] : ids[i] | ids[(int)lines + i] << 8;
            if (id >= _templates.Count)
            {
                throw Malformed("lines");
            }

            ReadOnlySpan<int> marks = _templates.ColumnsOf(id);
            marked += marks.Length;
            if (marked > LineReader.Most(block.Length))
            {
                throw Malformed("lines");
            }

            foreach (int column in marks)
            {
                _columns[column].Count++;
            }
        }

        ReadHeaders(input[2], columns, input[3].Length);
        ReadOnlySpan<byte> data = input[3];
        ReadOnlySpan<byte> words = input[4];
        if (!_words.Read(words, data, columns, LineReader.Most(block.Length)))
        {
            throw Malformed("words");
        }

        Span<byte> rest = block;
        for (int i = 0; i < (int)lines; i++)
        {
            int id = idBytes == 1 ? ids[i] : ids[i] | ids[(int)lines + i] << 8;
            ReadOnlySpan<byte> template = _templates[id];
            foreach (int column in _templates.ColumnsOf(id))
            {
                int mark = template.IndexOfAny(LineTemplates.NumberMark, LineTemplates.WordMark);
                Put(template[..mark], ref rest);
                template = template[(mark + 1)..];
                if (_templates.IsWord(column))
                {
                    Put(_words.Next(column, words, data), ref rest);
                    continue;
                }

                int written = Next(ref _columns[column], data).Write(rest);
                rest = written >= 0 ? rest[written..] : throw Malformed("numbers");
            }

            Put(template, ref rest);
            if (i + 1 < (int)lines || parameters[0] == 0)
            {
                Put("\n"u8, ref rest);
            }
        }

        if (!rest.IsEmpty)
        {
            throw Malformed("lines");
        }
    }

    private static DwcpFormatException Malformed(string what) => new($"The {what} of a block of lines do not describe a block of its length.");

    private static void Put(ReadOnlySpan<byte> bytes, ref Span<byte> rest)
    {
        if (bytes.Length > rest.Length)
        {
            throw Malformed("lines");
        }

        bytes.CopyTo(rest);
        rest = rest[bytes.Length..];
    }

    private void ReadTemplates(ReadOnlySpan<byte> text, int count)
    {
        _templates.Clear(text.Length + 1);
        while (!text.IsEmpty)
        {
            int end = text.IndexOf((byte)'\n');
            if (end < 0 || _templates.Count == count || !_templates.Add(text[..end]))
            {
                throw Malformed("templates");
            }

            text = text[(end + 1)..];
        }

        if (_templates.Count != count)
        {
            throw Malformed("templates");
        }
    }

    private void ReadHeaders(ReadOnlySpan<byte> headers, int columns, int dataLength)
    {
        long at = 0;
        for (int c = 0; c < columns; c++)
        {
            ref ColumnCoding column = ref _columns[c];
            if (_templates.IsWord(c))
            {
                ref WordColumn words = ref _words[c];
                words.Planes = Bytes.Take(ref headers, 1)[0];
                words.Count = column.Count;
                words.Data = (int)Math.Min(at, int.MaxValue);
                at += words.Planes <= 2 ? words.DataLength : throw Malformed("columns");
                continue;
            }

            ReadOnlySpan<byte> fixedPart = Bytes.Take(ref headers, 3);
            column.Predict = (ColumnCoding.Prediction)(fixedPart[0] & 3);
            column.Wholes = (ColumnCoding.WholeDigits)(fixedPart[0] >> 2 & 3);
            column.Fractions = (ColumnCoding.FractionDigits)(fixedPart[0] >> 4);
            column.Planes = fixedPart[1];
            column.Scale = fixedPart[2];
            column.Whole = column.Wholes == ColumnCoding.WholeDigits.Fixed ? Bytes.Take(ref headers, 1)[0] : 1;
            if (column.Predict > ColumnCoding.Prediction.DoubleDelta || column.Wholes > ColumnCoding.WholeDigits.Listed
                || column.Fractions > ColumnCoding.FractionDigits.Stripped || column.Planes > 8 || column.Scale >= LineNumber.MaxDigits
                || column.Whole is < 1 or > LineNumber.MaxDigits)
            {
                throw Malformed("columns");
            }

            if (column.Predict >= ColumnCoding.Prediction.Delta)
            {
                column.Previous = BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Take(ref headers, 8));
            }

            if (column.Predict == ColumnCoding.Prediction.DoubleDelta)
            {
                column.Step = BinaryPrimitives.ReadUInt64LittleEndian(Bytes.Take(ref headers, 8));
            }

            column.Data = (int)Math.Min(at, int.MaxValue);
            at += column.DataLength;
        }

        if (!headers.IsEmpty || at != dataLength)
        {
            throw Malformed("columns");
        }
    }

    /// <summary>The next number of a column whose place in the data has been checked.</summary>
    private static LineNumber Next(ref ColumnCoding column, ReadOnlySpan<byte> data)
    {
        int i = column.Next++;
        int at = column.Data + i;
        ulong value = 0;
        for (int k = 0; k < column.Planes; k++, at += column.Count)
        {
            value |= (ulong)data[at] << (8 * k);
        }

        if (column.Predict != ColumnCoding.Prediction.None)
        {
            ulong difference = ColumnCoding.UnZigZag(value);
            if (column.Predict == ColumnCoding.Prediction.DoubleDelta && i > 0)
            {
                difference = column.Step += difference;
            }

            value = column.Previous += difference;
        }

        int whole = column.Whole;
        if (column.Wholes == ColumnCoding.WholeDigits.Listed)
        {
            whole = data[at];
            at += column.Count;
        }

        int fraction = column.Scale;
        switch (column.Fractions)
        {
            case ColumnCoding.FractionDigits.Listed:
                fraction = data[at];
                value = fraction <= column.Scale ? value / LineNumber.Powers[column.Scale - fraction] : throw Malformed("numbers");
                break;
            case ColumnCoding.FractionDigits.Unscaled:
                fraction = data[at];
                break;
            case ColumnCoding.FractionDigits.Stripped:
                for (; fraction > 0 && value % 10 == 0; fraction--)
                {
                    value /= 10;
                }

                break;
        }

        if (whole is < 1 or > LineNumber.MaxDigits || fraction >= LineNumber.MaxDigits)
        {
            throw Malformed("numbers");
        }

        var number = new LineNumber(value, (byte)whole, (byte)fraction);
        return column.Wholes == ColumnCoding.WholeDigits.Canonical ? number with { Whole = (byte)number.CanonicalWhole } : number;
    }
}
