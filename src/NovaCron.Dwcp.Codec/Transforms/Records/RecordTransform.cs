using System.Numerics;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Transforms.Records;

/// <summary>
/// Fixed-width records, cut into fields, each written as differences in byte planes. Parameters: varint width, then for each field, from the
/// record's first byte on, a byte: binary logarithm of its size | operation &lt;&lt; 2. One stream: the planes of each field in turn, lowest
/// byte first, then the bytes after the last whole record.
/// </summary>
internal sealed unsafe class RecordTransform : ITransform
{
    private readonly List<Field> _fields = new(RecordAnalysis.MaxWidth);
    private readonly List<Field> _candidate = new(RecordAnalysis.MaxWidth);

    /// <inheritdoc/>
    public TransformId Id => TransformId.Records;

    /// <inheritdoc/>
    public bool InPlace => false;

    /// <inheritdoc/>
    public bool TryForward(ReadOnlySpan<byte> block, TransformStreams output, int way)
    {
        output.Clear(block.Length);
        Span<int> widths = stackalloc int[4];
        fixed (byte* b = block)
        {
            int width = 0;
            long best = 0;
            foreach (int candidate in widths[..RecordAnalysis.FindWidths(b, block.Length, widths)])
            {
                long cost = RecordAnalysis.FindFields(b, block.Length, candidate, _candidate);
                if (cost < long.MaxValue && (width == 0 || cost * width < best * candidate))
                {
                    best = cost;
                    width = candidate;
                    _fields.Clear();
                    _fields.AddRange(_candidate);
                }
            }

            if (width == 0)
            {
                return false;
            }

            Span<byte> parameters = stackalloc byte[Bytes.MaxVarint];
            output.AddParameters(parameters[..Bytes.WriteVarint(parameters, (uint)width)]);
            foreach (Field field in _fields)
            {
                output.AddParameters([(byte)(BitOperations.Log2((uint)field.Size) | (byte)field.Operation << 2)]);
            }

            int count = block.Length / width;
            Span<byte> stream = output.Add(block.Length);
            fixed (byte* s = stream)
            {
                foreach (Field field in _fields)
                {
                    RecordKernel.Split(b, width, count, field, s + (long)field.Offset * count);
                }
            }

            block[(width * count)..].CopyTo(stream[(width * count)..]);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Inverse(TransformStreams input, Span<byte> block)
    {
        ReadOnlySpan<byte> parameters = input.Parameters;
        uint width = Bytes.ReadVarint(ref parameters);
        if (width is 0 or > RecordAnalysis.MaxWidth || input.Count != 1 || input[0].Length != block.Length || block.Length < width)
        {
            throw new DwcpFormatException("A block of records has not one stream of its length, or records of a width that none have.");
        }

        _fields.Clear();
        int offset = 0;
        foreach (byte description in parameters)
        {
            int size = 1 << (description & 3);
            if (description >> 4 != 0 || offset + size > width)
            {
                throw new DwcpFormatException("The fields of a block of records do not fit its records.");
            }

            _fields.Add(new Field(offset, size, (FieldOperation)(description >> 2)));
            offset += size;
        }

        if (offset != width)
        {
            throw new DwcpFormatException("The fields of a block of records do not fill its records.");
        }

        int count = block.Length / (int)width;
        Span<byte> stream = input[0];
        fixed (byte* s = stream)
        fixed (byte* b = block)
        {
            foreach (Field field in _fields)
            {
                RecordKernel.Join(s + (long)field.Offset * count, (int)width, count, field, b);
            }
        }

        stream[((int)width * count)..].CopyTo(block[((int)width * count)..]);
    }
}
