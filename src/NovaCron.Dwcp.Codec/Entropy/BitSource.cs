namespace NovaCron.Dwcp.Codec.Entropy;

/// <summary>Reads what <see cref="BitSink"/> wrote; running out of bits is a <see cref="DwcpFormatException"/>.</summary>
internal ref struct BitSource(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;
    private int _bit;

    public uint Read(int count)
    {
        uint value = 0;
        for (int i = 0; i < count; i++, _bit++)
        {
            if (_bit >> 3 >= _source.Length)
            {
                throw new DwcpFormatException("The payload ends inside a description.");
            }

            value |= (uint)(_source[_bit >> 3] >> (_bit & 7) & 1) << i;
        }

        return value;
    }

    public uint Gamma()
    {
        int extra = (int)Unary();
        if (extra > 30)
        {
            throw new DwcpFormatException("A number in a description is above 31 bits.");
        }

        return 1u << extra | Read(extra);
    }

    public uint Unary()
    {
        uint value = 0;
        while (Read(1) == 0)
        {
            value++;
        }

        return value;
    }

    /// <summary>The bytes read, the last one to its end; its padding must be zero.</summary>
    public int Finish()
    {
        if ((_bit & 7) != 0 && Read(8 - (_bit & 7)) != 0)
        {
            throw new DwcpFormatException("The padding of a description is not zero.");
        }

        return _bit >> 3;
    }
}
