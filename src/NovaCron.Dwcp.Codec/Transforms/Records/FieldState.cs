using System.Runtime.CompilerServices;

namespace NovaCron.Dwcp.Codec.Transforms.Records;

/// <summary>What a field's operation remembers of the records before.</summary>
internal struct FieldState
{
    private ulong _previous;
    private ulong _step;

    /// <summary>What is written for a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Forward(ulong value, Field field)
    {
        ulong written;
        switch (field.Operation)
        {
            case FieldOperation.Value:
                return value;
            case FieldOperation.Xor:
                written = value ^ _previous;
                _previous = value;
                return written;
            case FieldOperation.Delta:
                written = ZigZag(value - _previous, field.Size);
                _previous = value;
                return written;
            default:
                ulong step = value - _previous;
                written = ZigZag(step - _step, field.Size);
                _previous = value;
                _step = step;
                return written;
        }
    }

    /// <summary>The value for what was written; only the field's own bytes of it count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Backward(ulong written, Field field)
    {
        switch (field.Operation)
        {
            case FieldOperation.Value:
                return written;
            case FieldOperation.Xor:
                return _previous ^= written;
            case FieldOperation.Delta:
                return _previous += UnZigZag(written);
            default:
                _step += UnZigZag(written);
                return _previous += _step;
        }
    }

    // The difference is taken modulo the field's size: signed at its own top bit, not at bit 63.
    private static ulong ZigZag(ulong value, int size)
    {
        int unused = 64 - 8 * size;
        long signed = (long)(value << unused) >> unused;
        return (ulong)(signed << 1 ^ signed >> 63);
    }

    private static ulong UnZigZag(ulong value) => value >> 1 ^ 0 - (value & 1);
}
