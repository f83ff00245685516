namespace NovaCron.Dwcp.Codec.Transforms.Lines;

/// <summary>How a column of numbers is written, and where its bytes lie. The values of the enumerations are part of the format.</summary>
internal struct ColumnCoding
{
    /// <summary>What a value is written as.</summary>
    public enum Prediction : byte
    {
        /// <summary>Itself.</summary>
        None = 0,

        /// <summary>The zig-zag difference to the one before.</summary>
        Delta = 1,

        /// <summary>The zig-zag difference of differences.</summary>
        DoubleDelta = 2,
    }

    /// <summary>How many digits stand before the point.</summary>
    public enum WholeDigits : byte
    {
        /// <summary>As many as the value needs.</summary>
        Canonical = 0,

        /// <summary>The same number for all.</summary>
        Fixed = 1,

        /// <summary>A byte for each value.</summary>
        Listed = 2,
    }

    /// <summary>How many digits stand behind the point, and at which scale values are written.</summary>
    public enum FractionDigits : byte
    {
        /// <summary>The same number for all.</summary>
        Fixed = 0,

        /// <summary>A byte for each value; values are written at the column's scale.</summary>
        Listed = 1,

        /// <summary>A byte for each value; values are written at their own scale.</summary>
        Unscaled = 2,

        /// <summary>As many as the value has at the column's scale without zeros at its end.</summary>
        Stripped = 3,
    }

    public Prediction Predict;
    public WholeDigits Wholes;
    public FractionDigits Fractions;

    /// <summary>Bytes of each written value, 0 to 8; one plane each.</summary>
    public int Planes;

    /// <summary>The digits before the point where they are fixed.</summary>
    public int Whole;

    /// <summary>The column's scale: digits behind the point.</summary>
    public int Scale;

    /// <summary>How many values there are.</summary>
    public int Count;

    /// <summary>Where the column's planes begin in the data; the lists follow them.</summary>
    public int Data;

    /// <summary>The next value to be read.</summary>
    public int Next;

    /// <summary>The last value, and before the first value the one that is taken for it.</summary>
    public ulong Previous;

    /// <summary>The last difference.</summary>
    public ulong Step;

    /// <summary>The bytes that the column takes in the data.</summary>
    public readonly long DataLength => (long)Count * (Planes + (Wholes == WholeDigits.Listed ? 1 : 0) + (Fractions is FractionDigits.Listed or FractionDigits.Unscaled ? 1 : 0));

    /// <summary>A difference as an unsigned number that is small when it is near zero.</summary>
    public static ulong ZigZag(ulong value) => (ulong)((long)value << 1 ^ (long)value >> 63);

    /// <summary>The difference that <see cref="ZigZag"/> was given.</summary>
    public static ulong UnZigZag(ulong value) => value >> 1 ^ 0 - (value & 1);
}
