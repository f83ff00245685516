using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace NovaCron.Dwcp.Codec.Entropy.Mixing;

/// <summary>
/// Predicts bytes bit by bit from contexts of one to six bytes, a word or a stride, and the last place where the last bytes stood, and mixes
/// the predictions by weights that it learns (context mixing, after Mahoney's lpaq). Integers only; encoder and decoder run the same code.
/// </summary>
/// <remarks>
/// Every context has a slot of sixteen 16-bit words for each half byte: a check and fifteen counters, one for each bit that may have come before
/// in it. A counter is a probability (13 bits) and how often it moved (3 bits); what that has come to mean in its context is learned in a map.
/// </remarks>
internal sealed unsafe class MixingModel
{
    /// <summary>Predictions that are mixed: contexts, the byte before, the match.</summary>
    private const int Inputs = 8;

    /// <summary>Contexts that have slots: of 2, 3, 4 and 6 bytes, the word or stride, and the byte that the match expects.</summary>
    private const int Hashed = 6;

    private const int SlotWords = 16;
    private const int MaxSlotBits = 19;
    private const int MinSlotBits = 12;
    private const int FreshCounter = 1 << 15;
    private const int MapSize = 8 * 64;
    private const int WeightSets = 3 * 256;
    private const int StartWeight = 22_000;
    private const int MatchHashBits = 18;
    private const int MatchMinimum = 6;
    private const int MatchLimit = 65_535;
    private const int LearningRate = 9;

    private static readonly short[] StretchArray = GC.AllocateUninitializedArray<short>(4096, pinned: true);
    private static readonly ushort[] SquashArray = GC.AllocateUninitializedArray<ushort>(4096, pinned: true);
    private static readonly int[] CounterRateArray = [1 << 15, 21_845, 1 << 14, 13_107, 9_362, 7_281, 5_461, 1 << 12];
    private static readonly short* Stretches;
    private static readonly ushort* Squashes;

    private readonly byte[] _memory;
    private readonly ushort* _direct; // counters of the byte before, by 256 * that + bits of this one
    private readonly ushort* _maps; // one for each input but the constant
    private readonly ushort* _matchMap;
    private readonly ushort* _final;
    private readonly int* _weights;
    private readonly int* _matchTable;
    private ushort[] _slotArray = [];
    private ushort* _slots;
    private uint _slotMask;
    private byte* _block;
    private bool _text;

    // The state after the last byte.
    private int _matchPosition;
    private int _matchLength;
    private int _missed;
    private uint _word;

    static MixingModel()
    {
        Stretches = (short*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(StretchArray));
        Squashes = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(SquashArray));

        // 4096 / (1 + e^(-x / 256)) at every 128th x from -2048 (the table of paq), linear in between; stretch is its inverse.
        ReadOnlySpan<ushort> points =
        [
            1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785, 3901, 3975, 4022, 4050, 4068, 4079,
            4085, 4089, 4092, 4093, 4094,
        ];
        int next = 0;
        for (int x = 0; x < 4096; x++)
        {
            int part = x & 127;
            int value = (points[x >> 7] * (128 - part) + points[(x >> 7) + 1] * part + 64) >> 7;
            SquashArray[x] = (ushort)value;
            for (; next <= value; next++)
            {
                StretchArray[next] = (short)(x - 2048);
            }
        }

        for (; next < 4096; next++)
        {
            StretchArray[next] = 2047;
        }
    }

    public MixingModel()
    {
        const int Direct = 65_536 * sizeof(ushort);
        const int Maps = (Hashed + 1) * MapSize * sizeof(ushort);
        const int MatchMap = 64 * sizeof(ushort);
        const int Final = 65_536 * sizeof(ushort);
        const int Weights = WeightSets * Inputs * sizeof(int);
        const int MatchTable = sizeof(int) << MatchHashBits;
        _memory = GC.AllocateUninitializedArray<byte>(Direct + Maps + MatchMap + Final + Weights + MatchTable + 64, pinned: true);
        byte* p = (byte*)(((nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory)) + 63) & ~(nuint)63);
        _weights = (int*)p;
        _matchTable = (int*)(p += Weights);
        _direct = (ushort*)(p += MatchTable);
        _final = (ushort*)(p += Direct);
        _maps = (ushort*)(p += Final);
        _matchMap = (ushort*)(p + Maps);
    }

    /// <summary>Forgets everything.</summary>
    /// <param name="block">The block, of which everything before the byte to be coded is known; it stays in place until the next call.</param>
    /// <param name="length">Its length.</param>
    /// <param name="text">Whether words are a context, else strides.</param>
    public void Begin(byte* block, int length, bool text)
    {
        _block = block;
        _text = text;
        _matchLength = 0;
        _matchPosition = 0;
        _missed = 0;
        _word = 0;
        int slotBits = Math.Clamp(BitOperations.Log2((uint)length) + 2, MinSlotBits, MaxSlotBits);
        int words = SlotWords << slotBits;
        if (_slotArray.Length < words + SlotWords)
        {
            _slotArray = GC.AllocateUninitializedArray<ushort>(words + SlotWords, pinned: true);
            _slots = (ushort*)(((nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_slotArray)) + 31) & ~(nuint)31);
        }

        new Span<ushort>(_slots, words).Fill(FreshCounter);
        _slotMask = (1u << slotBits) - 1;
        new Span<ushort>(_direct, 65_536).Fill(FreshCounter);
        new Span<int>(_matchTable, 1 << MatchHashBits).Clear();
        new Span<int>(_weights, WeightSets * Inputs).Fill(StartWeight);
        for (int i = 0; i < 65_536; i++)
        {
            _final[i] = (ushort)Math.Min(65_535, Squashes[(i & 63) << 6 | 32] << 4);
        }

        for (int i = 0; i < (Hashed + 1) * MapSize; i++)
        {
            _maps[i] = (ushort)((i & 63) * 1024 + 512);
        }

        for (int i = 0; i < 64; i++)
        {
            // A match of n bytes is as good as if it had been right n times.
            int length2 = i >> 1;
            int wrong = 65_536 / (length2 + 3);
            _matchMap[i] = (ushort)((i & 1) != 0 ? 65_535 - wrong : wrong);
        }
    }

    /// <summary>Codes the byte at <paramref name="at"/>; the decoder's side also writes it there.</summary>
    public void Code<TCoder>(ref TCoder coder, byte* at, bool write)
        where TCoder : struct, IBinaryCoder
    {
        byte* block = _block;
        int position = (int)(at - block);
        uint last = 0;
        uint before = 0;
        if (position >= 8)
        {
            last = BinaryPrimitivesBigEndian(at - 4);
            before = BinaryPrimitivesBigEndian(at - 8);
        }
        else
        {
            for (int i = Math.Max(0, position - 4); i < position; i++)
            {
                last = last << 8 | block[i];
            }
        }

        int value = write ? 0 : *at;
        uint* hashes = stackalloc uint[Hashed];
        hashes[0] = ((last & 0xFFFF) + 1) * 0x9E37_79B1u;
        hashes[1] = ((last & 0xFF_FFFF) + 2) * 0x85EB_CA77u;
        hashes[2] = (last + 3) * 0xC2B2_AE3Du;
        hashes[3] = (last ^ (before & 0xFFFF) * 0x2C1B_3C6Du) * 0x27D4_EB2Fu + 4;
        hashes[4] = _text ? (_word + 5) * 0x1656_67B1u ^ (last & 0xFF) * 0x9E37_79B1u : ((last & 0xFF00_00FF) ^ (before >> 24) * 0x85EB_CA6Bu ^ (uint)(position & 3) << 10) * 0xA2AE_3D27u + 5;

        int expected = _matchLength > 0 ? block[_matchPosition] : 0;
        hashes[5] = ((uint)expected << 16 | (uint)Math.Min(_matchLength, 15) << 8 | last & 0xFF) * 0x9FB2_1C65u + 6;
        ushort** slots = stackalloc ushort*[Hashed];
        int* inputs = stackalloc int[Inputs];
        ushort** mapped = stackalloc ushort*[Hashed + 2];
        ushort* direct = _direct + ((last & 0xFF) << 8);
        int bits = 1;
        int previous = (int)(last & 0xFF);
        for (int half = 0; half < 2; half++)
        {
            for (int i = 0; i < Hashed; i++)
            {
                slots[i] = Slot(half == 0 ? hashes[i] : (hashes[i] + (uint)bits) * 0x9E37_79B1u + (uint)i, i);
            }

            int node = 1;
            for (int step = 0; step < 4; step++)
            {
                for (int i = 0; i < Hashed; i++)
                {
                    ushort* map = _maps + i * MapSize + Quantised(slots[i][node]);
                    mapped[i] = map;
                    inputs[i] = Stretches[*map >> 4];
                }

                ushort* orderOne = _maps + Hashed * MapSize + Quantised(direct[bits]);
                mapped[Hashed] = orderOne;
                inputs[Hashed] = Stretches[*orderOne >> 4];

                // The match predicts its next bit as long as this byte agreed with it so far.
                bool matching = _matchLength > 0 && (expected | 256) >> (8 - (half * 4 + step)) == bits;
                int expectedBit = expected >> (7 - (half * 4 + step)) & 1;
                ushort* match = _matchMap + (Math.Min(_matchLength < 16 ? _matchLength : 12 + BitOperations.Log2((uint)_matchLength), 31) << 1 | expectedBit);
                inputs[Hashed + 1] = matching ? Stretches[*match >> 4] : 0;

                int set = (matching ? _matchLength < 24 ? 1 : 2 : 0) << 8 | bits;
                int* weights = _weights + set * Inputs;
                Vector256<int> values = Vector256.Load(inputs);
                Vector256<int> vector = Vector256.Load(weights);
                int dot = Vector256.Sum(values * vector) >> 16;
                dot = Math.Clamp(dot, -2047, 2047);
                int mixed = Squashes[dot + 2048];

                // What the mixer's probability has come to mean after this byte: half of the answer.
                ushort* final = _final + ((previous * 0x1F3D ^ bits * 0x9E5) & 0x3FF) * 64 + (dot + 2048 >> 6);
                int one = Math.Clamp((mixed << 4) + *final >> 1, 24, 65_535 - 24);
                int bit = coder.Code(value >> (7 - (half * 4 + step)) & 1, one);

                int error = ((bit << 12) - mixed) * LearningRate;
                (vector + Vector256.ShiftRightArithmetic(values * Vector256.Create(error) + Vector256.Create(1 << 15), 16)).Store(weights);
                int target = bit != 0 ? 65_535 : 0;
                *final += (ushort)(target - *final >> 6);
                for (int i = 0; i < Hashed; i++)
                {
                    *mapped[i] += (ushort)(target - *mapped[i] >> 6);
                    Move(slots[i] + node, bit);
                }

                *mapped[Hashed] += (ushort)(target - *mapped[Hashed] >> 6);
                Move(direct + bits, bit);
                if (matching)
                {
                    *match += (ushort)(target - *match >> 6);
                }

                node = node << 1 | bit;
                bits = bits << 1 | bit;
            }
        }

        value = bits & 255;
        if (write)
        {
            *at = (byte)value;
        }

        Learned(at, position, value, expected);
    }

    /// <summary>Notes that bytes up to <paramref name="position"/> were not coded here but copied from <paramref name="offset"/> back.</summary>
    public void Skip(byte* to, int position, int offset)
    {
        // Behind a copy mostly one byte differs, and then it goes on.
        _matchLength = 1;
        _matchPosition = position - offset;
        _missed = 0;
        _word = 0;
        if (position >= MatchMinimum)
        {
            _matchTable[MatchHash(to)] = position;
        }
    }

    private static uint BinaryPrimitivesBigEndian(byte* p) => System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Bytes.Load32(p));

    private void Learned(byte* at, int position, int value, int expected)
    {
        _word = (uint)((value | 32) - 'a') < 26 || value >= 128 ? (_word + (uint)(value | 32)) * 0x2F0B_4C47u : 0;
        byte* next = at + 1;
        int nextPosition = position + 1;
        if (_matchLength > 0 && value == expected)
        {
            _matchLength = Math.Min(_matchLength + 1, MatchLimit);
            _matchPosition++;
            _missed -= _missed > 0 ? 1 : 0;
        }
        else if (_matchLength > 0)
        {
            // Records differ in places: the match goes on behind the byte that differs, unless that happens again and again.
            _missed += 4;
            _matchLength = _missed > 16 ? 0 : 1;
            _matchPosition++;
        }

        if (nextPosition < MatchMinimum)
        {
            return;
        }

        uint hash = MatchHash(next);
        if (_matchLength < MatchMinimum)
        {
            int candidate = _matchTable[hash];
            if (candidate > 0)
            {
                int length = 0;
                while (length < 32 && length < candidate && next[-1 - length] == _block[candidate - 1 - length])
                {
                    length++;
                }

                if (length >= MatchMinimum)
                {
                    _matchLength = length;
                    _matchPosition = candidate;
                    _missed = 0;
                }
            }
        }

        _matchTable[hash] = nextPosition;
    }

    private static uint MatchHash(byte* next) =>
        (Bytes.Load32(next - 4) * 0x9E37_79B1u ^ (uint)(next[-5] | next[-6] << 8) * 0x85EB_CA6Bu) * 0x2C1B_3C6Du >> 32 - MatchHashBits;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Quantised(ushort counter) => (counter & 7) << 6 | counter >> 10;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Move(ushort* counter, int bit)
    {
        int seen = *counter & 7;
        int probability = *counter >> 3;
        probability += ((bit != 0 ? 8191 : 0) - probability) * CounterRateArray[seen] >> 16;
        *counter = (ushort)(probability << 3 | Math.Min(seen + 1, 7));
    }

    /// <summary>The counters of a context's half byte; where it has none, those of the less experienced of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ushort* Slot(uint hash, int context)
    {
        hash = (hash ^ hash >> 15) * 0x2C1B_3C6Du + (uint)context * 0x9E37_79B1u;
        ushort check = (ushort)(hash >> 16);
        uint index = (hash ^ hash >> 13) & _slotMask;
        ushort* first = _slots + index * SlotWords;
        if (*first == check)
        {
            return first;
        }

        ushort* second = _slots + (index ^ 1) * SlotWords;
        if (*second == check)
        {
            return second;
        }

        ushort* taken = (first[1] & 7) <= (second[1] & 7) ? first : second;
        Vector256<ushort> fresh = Vector256.Create((ushort)FreshCounter);
        fresh.Store(taken);
        *taken = check;
        return taken;
    }
}
