namespace NovaCron.Dwcp.Codec.Transforms.Lines;

/// <summary>A number as it stood in a line: <c>007.50</c> is 750 with three digits before the point and two behind it.</summary>
/// <param name="Value">All its digits as one integer, below 10^18.</param>
/// <param name="Whole">Digits before the point, leading zeros with them, 1 to 18.</param>
/// <param name="Fraction">Digits behind the point; 0 where there is no point.</param>
internal readonly record struct LineNumber(ulong Value, byte Whole, byte Fraction)
{
    /// <summary>The most digits of a number; longer runs are text.</summary>
    public const int MaxDigits = 18;

    /// <summary>10^n for n up to <see cref="MaxDigits"/>.</summary>
    public static ReadOnlySpan<ulong> Powers =>
    [
        1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 10_000_000_000, 100_000_000_000, 1_000_000_000_000,
        10_000_000_000_000, 100_000_000_000_000, 1_000_000_000_000_000, 10_000_000_000_000_000, 100_000_000_000_000_000, 1_000_000_000_000_000_000,
    ];

    /// <summary>Reads the number at the start of <paramref name="text"/>, whose first byte is a digit.</summary>
    /// <param name="text">The rest of a line.</param>
    /// <param name="number">The number.</param>
    /// <param name="length">The bytes it takes, or those of a run of digits that is too long to be one.</param>
    public static bool TryRead(ReadOnlySpan<byte> text, out LineNumber number, out int length)
    {
        ulong value = 0;
        int whole = 0;
        while (whole < text.Length && (uint)(text[whole] - '0') <= 9)
        {
            value = value * 10 + (uint)(text[whole++] - '0');
        }

        length = whole;
        if (whole > MaxDigits)
        {
            number = default;
            return false;
        }

        int end = whole + 1;
        ulong withFraction = value;
        while (end < text.Length && text[whole] == '.' && (uint)(text[end] - '0') <= 9)
        {
            withFraction = withFraction * 10 + (uint)(text[end++] - '0');
        }

        int fraction = end - whole - 1;
        if (fraction == 0 || whole + fraction > MaxDigits)
        {
            fraction = 0;
        }
        else
        {
            value = withFraction;
            length = end;
        }

        number = new LineNumber(value, (byte)whole, (byte)fraction);
        return true;
    }

    /// <summary>The digits that the whole part has without leading zeros, 1 at least.</summary>
    public int CanonicalWhole
    {
        get
        {
            ulong whole = Value / Powers[Fraction];
            int digits = 1;
            while (digits < MaxDigits && whole >= Powers[digits])
            {
                digits++;
            }

            return digits;
        }
    }

    /// <summary>Writes the number out.</summary>
    /// <returns>The bytes written, or -1 when they do not fit or the digits do not hold the value.</returns>
    public int Write(Span<byte> destination)
    {
        int digits = Whole + Fraction;
        int length = digits + (Fraction > 0 ? 1 : 0);
        if (length > destination.Length)
        {
            return -1;
        }

        ulong rest = Value;
        int at = length;
        for (int i = 0; i < digits; i++)
        {
            if (i == Fraction && i > 0)
            {
                destination[--at] = (byte)'.';
            }

            (rest, ulong digit) = Math.DivRem(rest, 10);
            destination[--at] = (byte)('0' + digit);
        }

        return rest == 0 ? length : -1;
    }
}
