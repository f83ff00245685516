using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Transforms.Records;

/// <summary>
/// One field of all records to its byte planes and back: plane k holds byte k of what is written for every record, so that bytes which behave
/// alike stand together. Fields of eight bytes go sixteen records at a time through vectors where the machine can interleave them.
/// </summary>
internal static unsafe class RecordKernel
{
    /// <summary>Records that are turned at once.</summary>
    private const int Batch = 16;

    private static bool CanInterleave => Sse2.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>Writes a field's planes, <paramref name="count"/> bytes each.</summary>
    public static void Split(byte* records, int width, int count, Field field, byte* planes) =>
        Split(records, width, count, field, planes, CanInterleave && field.Size == 8);

    /// <summary>The same, with vectors or without.</summary>
    public static void Split(byte* records, int width, int count, Field field, byte* planes, bool vectors)
    {
        var state = default(FieldState);
        int i = 0;
        byte* at = records + field.Offset;
        if (vectors)
        {
            byte* batch = stackalloc byte[Batch * 8];
            byte* turned = stackalloc byte[Batch * 8];
            for (; i + Batch <= count; i += Batch)
            {
                for (int k = 0; k < Batch; k++, at += width)
                {
                    Bytes.Store64(batch + k * 8, state.Forward(Bytes.Load64(at), field));
                }

                // Addresses are record (4 bits), byte (3 bits); four rotations by one bit exchange the two.
                Shuffle(batch, turned);
                Shuffle(turned, batch);
                Shuffle(batch, turned);
                Shuffle(turned, batch);
                for (int k = 0; k < 8; k++)
                {
                    Vector128.Load(batch + k * Batch).Store(planes + (nint)k * count + i);
                }
            }
        }

        for (; i < count; i++, at += width)
        {
            ulong value = state.Forward(Load(at, field.Size), field);
            for (int k = 0; k < field.Size; k++, value >>= 8)
            {
                planes[(nint)k * count + i] = (byte)value;
            }
        }
    }

    /// <summary>Restores a field of all records from its planes.</summary>
    public static void Join(byte* planes, int width, int count, Field field, byte* records) =>
        Join(planes, width, count, field, records, CanInterleave && field.Size == 8);

    /// <summary>The same, with vectors or without.</summary>
    public static void Join(byte* planes, int width, int count, Field field, byte* records, bool vectors)
    {
        var state = default(FieldState);
        int i = 0;
        byte* at = records + field.Offset;
        if (vectors)
        {
            byte* batch = stackalloc byte[Batch * 8];
            byte* turned = stackalloc byte[Batch * 8];
            for (; i + Batch <= count; i += Batch)
            {
                for (int k = 0; k < 8; k++)
                {
                    Vector128.Load(planes + (nint)k * count + i).Store(batch + k * Batch);
                }

                Shuffle(batch, turned);
                Shuffle(turned, batch);
                Shuffle(batch, turned);
                for (int k = 0; k < Batch; k++, at += width)
                {
                    Bytes.Store64(at, state.Backward(Bytes.Load64(turned + k * 8), field));
                }
            }
        }

        for (; i < count; i++, at += width)
        {
            ulong value = 0;
            for (int k = 0; k < field.Size; k++)
            {
                value |= (ulong)planes[(nint)k * count + i] << (8 * k);
            }

            Store(at, field.Size, state.Backward(value, field));
        }
    }

    /// <summary>Interleaves the halves of 128 bytes: the byte at the 7-bit address a goes to a rotated left by one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Shuffle(byte* from, byte* to)
    {
        for (int i = 0; i < 4; i++)
        {
            Vector128<byte> low = Vector128.Load(from + i * 16);
            Vector128<byte> high = Vector128.Load(from + i * 16 + 64);
            if (Sse2.IsSupported)
            {
                Sse2.UnpackLow(low, high).Store(to + i * 32);
                Sse2.UnpackHigh(low, high).Store(to + i * 32 + 16);
            }
            else
            {
                AdvSimd.Arm64.ZipLow(low, high).Store(to + i * 32);
                AdvSimd.Arm64.ZipHigh(low, high).Store(to + i * 32 + 16);
            }
        }
    }

    /// <summary>A little-endian value of 1, 2, 4 or 8 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load(byte* p, int size) => size switch
    {
        1 => *p,
        2 => (ulong)(p[0] | p[1] << 8),
        4 => Bytes.Load32(p),
        _ => Bytes.Load64(p),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(byte* p, int size, ulong value)
    {
        switch (size)
        {
            case 1:
                *p = (byte)value;
                break;
            case 2:
                p[0] = (byte)value;
                p[1] = (byte)(value >> 8);
                break;
            case 4:
                Bytes.Store32(p, (uint)value);
                break;
            default:
                Bytes.Store64(p, value);
                break;
        }
    }
}
