namespace NovaCron.Dwcp.Codec.Dictionary.Parsing;

/// <summary>The last three different offsets, newest first. Parsers, encoders and decoders move it by the same rule.</summary>
internal struct RecentOffsets
{
    /// <summary>Before the first match of a block: the strides of bytes, 32-bit and 64-bit words.</summary>
    public static readonly RecentOffsets Initial = new() { First = 1, Second = 4, Third = 8 };

    public const int Count = 3;

    public int First;
    public int Second;
    public int Third;

    /// <summary>The place of <paramref name="offset"/> (0 to 2), or 3 when it is new.</summary>
    public readonly int IndexOf(int offset) => offset == First ? 0 : offset == Second ? 1 : offset == Third ? 2 : Count;

    /// <summary>Moves <paramref name="offset"/> to the front.</summary>
    public void Use(int offset)
    {
        if (offset == First)
        {
            return;
        }

        if (offset != Second)
        {
            Third = Second;
        }

        Second = First;
        First = offset;
    }
}
