using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using NovaCron.Dwcp.Codec.Dictionary.Matching;

namespace NovaCron.Dwcp.Codec.Entropy.Mixing;

/// <summary>
/// Predicts bytes bit by bit from contexts of the bytes before, of places in records and of two earlier places where the same bytes stood, and
/// mixes the predictions by two sets of weights that it learns (context mixing, after Mahoney's lpaq). Where a place has agreed for long, one
/// decision says that the next 16 or 32 bytes are copied from there. Integers only; encoder and decoder run the same code.
/// </summary>
/// <remarks>
/// Every context has a slot of sixteen 16-bit words for each half byte: a check and fifteen counters, one for each bit that may have come before
/// in it. A counter is a probability (13 bits) and how often it moved (3 bits); what that has come to mean in its context is learned in a map.
/// A counter moves by a quarter at least: it is rather a history of the last bits than a mean (an eighth took up to 2 % more, a sixteenth 1.5 to 6).
/// </remarks>
internal sealed unsafe class MixingModel
{
    /// <summary>Bytes that one decision copies in text and in other data, and how long a match must be before: text with 16 takes 3 % more.</summary>
    private const int RunText = 32;
    private const int RunOther = 16;

    /// <summary>Contexts that have slots. Ten in place of six took 2 % less, at about half the speed.</summary>
    private const int Hashed = 6;

    /// <summary>Predictions that are mixed, one vector of them: contexts, the byte before, the match.</summary>
    private const int Inputs = Hashed + 2;

    /// <summary>Slots of a group: a page, so that the second half of a byte needs no further translation of addresses.</summary>
    private const int GroupSlots = 128;

    /// <summary>Steps of the last correction.</summary>
    private const int FinalBits = 5;

    private const int SlotWords = 16;
    private const int DirectSlots = 256 + 4096;
    private const int MaxSlotBits = 19;
    private const int MinSlotBits = 12;
    private const int FreshCounter = 1 << 15;
    private const int MapSize = 8 * 64;
    private const int MatchStates = 64;
    private const int ArmedState = 40;
    private const int FirstSets = 5 * 256;
    private const int SecondSets = 256 * 8;
    private const int StartWeight = 14_000;
    private const int LearningRate = 9;
    private const int MatchHashBits = 18;
    private const int MatchMinimum = 6;
    private const int MatchLimit = 65_535;
    private const int NearHashBits = 18;
    private const int NearMinimum = 2;
    private const int Known = 8; // bytes that must be known before places are remembered
    private const int RunContexts = 1024;

    private static readonly short[] StretchArray = GC.AllocateUninitializedArray<short>(4096, pinned: true);
    private static readonly ushort[] SquashArray = GC.AllocateUninitializedArray<ushort>(4096, pinned: true);
    private static readonly byte[] StepArray = GC.AllocateUninitializedArray<byte>(4096, pinned: true);
    private static readonly int[] CounterRateArray = GC.AllocateUninitializedArray<int>(8, pinned: true);
    private static readonly short* Stretches;
    private static readonly ushort* Squashes;
    private static readonly byte* Steps;
    private static readonly int* CounterRates;

    private readonly byte[] _memory;
    private readonly ushort* _direct; // slots of the byte before for the first half byte, then of that and the first half for the second
    private readonly ushort* _maps; // one for each input but the match
    private readonly ushort* _matchMap;
    private readonly ushort* _final;
    private readonly ushort* _runs;
    private readonly ushort* _runBytes;
    private readonly int* _first;
    private readonly int* _second;
    private readonly ushort** _slotsNow;
    private readonly ushort** _mapped;
    private readonly uint* _hashes; // of the byte that is coded; from the eighth on, those of the byte after it as it is guessed
    private readonly int* _matchTable;
    private readonly int* _nearTable;
    private ushort[] _slotArray = [];
    private ushort* _slots;
    private uint _slotMask;
    private byte* _block;
    private bool _text;
    private int _run;

    // The state after the last byte.
    private int _matchPosition;
    private int _matchLength;
    private int _missed;
    private int _armed; // bytes in which the match is known to end, 0 when nothing is known
    private int _nearExpected;
    private int _nearLength;
    private uint _word;
    private uint _runHistory;
    private int _runWeight;
    private int _runByteWeight;

    static MixingModel()
    {
        Stretches = (short*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(StretchArray));
        Squashes = (ushort*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(SquashArray));
        Steps = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(StepArray));
        CounterRates = (int*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(CounterRateArray));
        ReadOnlySpan<int> rates = [32_768, 21_845, 16_384, 16_384, 16_384, 16_384, 16_384, 16_384];
        rates.CopyTo(CounterRateArray);

        // 65536 / (1 + e^(-x / 256)) at every 64th x from -2048 to 0, linear in between, and 65536 less that above; stretch is its inverse.
        ReadOnlySpan<ushort> points =
        [
            22, 28, 36, 47, 60, 77, 98, 126, 162, 208, 267, 342, 439, 562, 720, 922, 1179, 1506, 1921, 2446, 3108, 3938, 4971, 6249, 7812, 9702, 11_955,
            14_595, 17_625, 21_025, 24_743, 28_693, 32_768,
        ];
        SquashArray[2048] = 32_768;
        for (int x = 0; x < 2048; x++)
        {
            int part = x & 63;
            int value = (points[x >> 6] * (64 - part) + points[(x >> 6) + 1] * part + 32) >> 6;
            SquashArray[x] = (ushort)value;
            if (x > 0)
            {
                SquashArray[4096 - x] = (ushort)(65_536 - value);
            }
        }

        int least = 0;
        for (int i = 0; i < 4096; i++)
        {
            while (least < 4095 && SquashArray[least] < i * 16 + 8)
            {
                least++;
            }

            StretchArray[i] = (short)(Math.Max(least, 1) - 2048);
            StepArray[i] = (byte)(Math.Max(least, 1) >> 6);
        }
    }

    public MixingModel()
    {
        const int First = FirstSets * Inputs * sizeof(int);
        const int Second = SecondSets * Inputs * sizeof(int);
        const int Direct = DirectSlots * SlotWords * sizeof(ushort);
        const int Final = (1024 << FinalBits) * sizeof(ushort);
        const int Maps = (Hashed + 1) * MapSize * sizeof(ushort);
        const int MatchMap = MatchStates * 2 * sizeof(ushort);
        const int Runs = RunContexts * sizeof(ushort);
        const int Work = 1024;
        const int Tables = (sizeof(int) << MatchHashBits) + (sizeof(int) << NearHashBits);
        _memory = GC.AllocateUninitializedArray<byte>(First + Second + Direct + Final + Maps + MatchMap + 2 * Runs + Work + Tables + 64, pinned: true);
        byte* p = (byte*)(((nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_memory)) + 63) & ~(nuint)63);
        _first = (int*)p;
        _second = (int*)(p += First);
        _direct = (ushort*)(p += Second);
        _final = (ushort*)(p += Direct);
        _maps = (ushort*)(p += Final);
        _matchMap = (ushort*)(p += Maps);
        _runs = (ushort*)(p += MatchMap);
        _runBytes = (ushort*)(p += Runs);
        p += Runs;
        _hashes = (uint*)(p + 64);
        _slotsNow = (ushort**)(p + 128);
        _mapped = (ushort**)(p + 384);
        _matchTable = (int*)(p += Work);
        _nearTable = _matchTable + (1 << MatchHashBits);
    }

    /// <summary>Forgets everything.</summary>
    /// <param name="block">The block, of which everything before the byte to be coded is known; it stays in place until the next call.</param>
    /// <param name="length">Its length.</param>
    /// <param name="text">Whether words are contexts, else places in records.</param>
    public void Begin(byte* block, int length, bool text)
    {
        _block = block;
        _text = text;
        _run = text ? RunText : RunOther;
        _matchLength = 0;
        _matchPosition = 0;
        _missed = 0;
        _armed = 0;
        _nearExpected = 0;
        _nearLength = 0;
        _word = 0;
        _runHistory = 0;
        _runWeight = _runByteWeight = 30_000;
        int slotBits = Math.Clamp(BitOperations.Log2((uint)length) + 2, MinSlotBits, MaxSlotBits);
        int words = SlotWords << slotBits;
        if (_slotArray.Length < words + SlotWords)
        {
            _slotArray = GC.AllocateUninitializedArray<ushort>(words + SlotWords, pinned: true);
            _slots = (ushort*)(((nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_slotArray)) + 31) & ~(nuint)31);
        }

        new Span<ushort>(_slots, words).Fill(FreshCounter);
        _slotMask = (1u << slotBits) - 1;
        new Span<ushort>(_direct, DirectSlots * SlotWords).Fill(FreshCounter);
        new Span<int>(_matchTable, 1 << MatchHashBits).Clear();
        new Span<int>(_nearTable, 1 << NearHashBits).Clear();
        new Span<int>(_first, FirstSets * Inputs).Fill(StartWeight);
        new Span<int>(_second, SecondSets * Inputs).Fill(StartWeight);
        new Span<ushort>(_runs, RunContexts).Fill(49_152);
        new Span<ushort>(_runBytes, RunContexts).Fill(49_152);
        for (int i = 0; i < 1024 << FinalBits; i++)
        {
            _final[i] = Squashes[(i & (1 << FinalBits) - 1) << 12 - FinalBits | 1 << 11 - FinalBits];
        }

        for (int i = 0; i < (Hashed + 1) * MapSize; i++)
        {
            _maps[i] = Squashes[(i & 63) << 6 | 32];
        }

        for (int i = 0; i < MatchStates; i++)
        {
            // A match of n bytes is as good as if it had been right n times.
            int wrong = 65_536 / (i + 3);
            _matchMap[2 * i] = (ushort)wrong;
            _matchMap[2 * i + 1] = (ushort)(65_535 - wrong);
        }
    }

    /// <summary>Codes the byte at <paramref name="at"/>, or all bytes of a run there; the decoder's side also writes them.</summary>
    /// <param name="coder">The coder.</param>
    /// <param name="at">The place.</param>
    /// <param name="end">The block's end.</param>
    /// <param name="write">Whether this is the decoder's side.</param>
    /// <returns>How many bytes were coded: 1 or a run's.</returns>
    public int Code<TCoder>(ref TCoder coder, byte* at, byte* end, bool write)
        where TCoder : struct, IBinaryCoder
    {
        if (_matchLength >= _run && _armed == 0 && end - at >= _run)
        {
            if (CodeRun(ref coder, at, write))
            {
                return _run;
            }

            _armed = _run;
        }

        CodeByte(ref coder, at, write);
        return 1;
    }

    private bool CodeRun<TCoder>(ref TCoder coder, byte* at, bool write)
        where TCoder : struct, IBinaryCoder
    {
        byte* from = _block + _matchPosition;
        int wanted = 0;
        if (!write)
        {
            wanted = 1;
            for (int i = 0; i < _run; i++)
            {
                if (at[i] != from[i])
                {
                    wanted = 0;
                    break;
                }
            }
        }

        // Bytes of a match that overlaps the place are not known yet.
        uint next = from + 2 < at ? (uint)(from[0] | from[1] << 8 | from[2] << 16) : from[0];
        ushort* run = _runs + (Math.Min(_matchLength >> 4, 31) << 5 | Math.Min(_missed >> 1, 3) << 3 | (int)(_runHistory & 7));
        ushort* bytes = _runBytes + (next * 0x9E37_79B1u >> 22);
        int one = Stretches[*run >> 4];
        int two = Stretches[*bytes >> 4];
        int mixed = Squashes[Math.Clamp((one * _runWeight + two * _runByteWeight) >> 16, -2047, 2047) + 2048];
        int bit = coder.Code(wanted, Math.Clamp(mixed, 48, 65_535 - 48));
        int target = bit != 0 ? 65_535 : 0;
        *run += (ushort)(target - *run >> 5);
        *bytes += (ushort)(target - *bytes >> 4);
        int error = (target - mixed >> 4) * 4;
        _runWeight += one * error + (1 << 15) >> 16;
        _runByteWeight += two * error + (1 << 15) >> 16;
        _runHistory = _runHistory << 1 | (uint)bit;
        if (bit == 0)
        {
            return false;
        }

        int position = (int)(at - _block);
        for (int i = 0; i < _run; i++)
        {
            if (write)
            {
                at[i] = from[i];
            }

            if (position + i + 1 >= Known)
            {
                _matchTable[MatchHash(at + i + 1)] = position + i + 1;
            }
        }

        _matchPosition += _run;
        _matchLength = Math.Min(_matchLength + _run, MatchLimit);
        _missed = Math.Max(0, _missed - _run);
        _word = 0;
        return true;
    }

    private void CodeByte<TCoder>(ref TCoder coder, byte* at, bool write)
        where TCoder : struct, IBinaryCoder
    {
        int value = write ? 0 : *at;
        int position = (int)(at - _block);
        int expected = _matchLength > 0 ? _block[_matchPosition] : 0;
        if (_text)
        {
            TextContexts(_hashes, at, position, expected, _word);
        }
        else
        {
            OtherContexts(_hashes, at, position, expected);
        }

        int previous = position >= Known ? at[-1] : 0;
        int state = _armed > 0 ? ArmedState + (_armed >> 1) : _matchLength < 16 ? _matchLength : Math.Min(31, 12 + BitOperations.Log2((uint)_matchLength));
        int matchSet = (_armed > 0 ? 3 : _matchLength < 16 ? 1 : _matchLength < 32 ? 2 : 4) << 8;
        ushort** slots = _slotsNow;
        ushort** mapped = _mapped;
        uint* hashes = _hashes;
        int bits = 1;
        int expectedBits = _matchLength > 0 ? expected | 256 : 0;

        // Slots are asked for before they are needed, by the byte itself where it is known, else by what the match expects.
        int guess = write ? expected : value;
        bool hasGuess = !write || _matchLength > 0;
        for (int half = 0; half < 2; half++)
        {
            if (half == 0)
            {
                for (int i = 0; i < Hashed; i++)
                {
                    hashes[i] = Mixed(hashes[i], i);
                    slots[i] = Slot(hashes[i], Place(hashes[i]));
                }

                if (hasGuess)
                {
                    for (int i = 0; i < Hashed; i++)
                    {
                        MatchKernel.Prefetch(_slots + SecondPlace(hashes[i], Mixed(hashes[i] + (uint)(guess >> 4 | 16), i)) * SlotWords);
                    }
                }

                slots[Hashed] = _direct + previous * SlotWords;
            }
            else
            {
                for (int i = 0; i < Hashed; i++)
                {
                    uint hash = Mixed(hashes[i] + (uint)bits, i);
                    slots[i] = Slot(hash, SecondPlace(hashes[i], hash));
                }

                if (hasGuess)
                {
                    AskForNext(at, position, guess, write);
                }

                slots[Hashed] = _direct + (256 + (previous << 4 | bits & 15)) * SlotWords;
            }

            int node = 1;
            for (int shift = half == 0 ? 7 : 3; ; shift--)
            {
                // The match predicts its next bit as long as this byte agreed with it so far.
                bool matching = expectedBits >> (shift + 1) == bits;
                ushort* match = _matchMap + (state << 1 | expected >> shift & 1);

                // Made in registers: a vector that is loaded where its parts were just stored waits until they have left the store queue.
                Vector256<int> values = Vector256.Create(
                    Input(0, slots, node, mapped), Input(1, slots, node, mapped), Input(2, slots, node, mapped), Input(3, slots, node, mapped),
                    Input(4, slots, node, mapped), Input(5, slots, node, mapped), Input(6, slots, node, mapped), matching ? Stretches[*match >> 4] : 0);
                int* first = _first + ((matching ? matchSet : 0) | bits) * Inputs;
                int* second = _second + (previous << 3 | shift) * Inputs;
                Vector256<int> firstWeights = Vector256.Load(first);
                Vector256<int> secondWeights = Vector256.Load(second);
                int one = Vector256.Sum(Vector256.ShiftRightArithmetic(values * firstWeights, 8)) >> 8;
                int two = Vector256.Sum(Vector256.ShiftRightArithmetic(values * secondWeights, 8)) >> 8;
                one = Math.Clamp(one, -2047, 2047);
                two = Math.Clamp(two, -2047, 2047);
                int dot = one + two >> 1;

                // What the mixers' probability has come to mean after this byte: half of the answer.
                ushort* final = _final + (((previous * 0x1F3D ^ bits * 0x9E5) & 0x3FF) << FinalBits) + (dot + 2048 >> 12 - FinalBits);
                int bit = coder.Code(value >> shift & 1, Math.Clamp(Squashes[dot + 2048] + *final >> 1, 24, 65_535 - 24));

                int target = bit != 0 ? 65_535 : 0;
                Vector256<int> error = Vector256.Create((target - Squashes[one + 2048] >> 4) * LearningRate);
                Vector256<int> rounding = Vector256.Create(1 << 15);
                (firstWeights + Vector256.ShiftRightArithmetic(values * error + rounding, 16)).Store(first);
                error = Vector256.Create((target - Squashes[two + 2048] >> 4) * LearningRate);
                (secondWeights + Vector256.ShiftRightArithmetic(values * error + rounding, 16)).Store(second);
                *final += (ushort)(target - *final >> 5);
                int most = target >> 3;
                for (int i = 0; i <= Hashed; i++)
                {
                    ushort* meaning = mapped[i];
                    *meaning += (ushort)(target - *meaning >> 6);
                    ushort* counter = slots[i] + node;
                    uint seen = *counter & 7u;
                    int probability = *counter >> 3;
                    probability += (most - probability) * CounterRates[(nuint)seen] >> 16;
                    *counter = (ushort)((uint)probability << 3 | Math.Min(seen + 1, 7));
                }

                if (matching)
                {
                    *match += (ushort)(target - *match >> 6);
                }

                node = node << 1 | bit;
                bits = bits << 1 | bit;
                if ((shift & 3) == 0)
                {
                    break;
                }
            }
        }

        value = bits & 255;
        if (write)
        {
            *at = (byte)value;
        }

        Learned(at, position, value, expected);
    }

    /// <summary>What one context predicts; where that is learned goes to <paramref name="mapped"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Input(int i, ushort** slots, int node, ushort** mapped)
    {
        ushort* meaning = _maps + i * MapSize + Quantised(slots[i][node]);
        mapped[i] = meaning;
        return Stretches[*meaning >> 4];
    }

    /// <summary>
    /// Asks for the slots of the next byte's first half, should the byte at <paramref name="at"/> be the one that is guessed. The decoder's block
    /// holds the guess until the byte is known. The last context waits for what the byte tells and is left out.
    /// </summary>
    private void AskForNext(byte* at, int position, int guess, bool write)
    {
        if (write)
        {
            *at = (byte)guess;
        }

        uint* h = _hashes + 8;
        int expected = _matchLength > 0 ? _block[_matchPosition + 1] : 0;
        if (_text)
        {
            TextContexts(h, at + 1, position + 1, expected, WordWith(guess));
        }
        else
        {
            OtherContexts(h, at + 1, position + 1, expected);
        }

        for (int i = 0; i < Hashed - 1; i++)
        {
            MatchKernel.Prefetch(_slots + Place(Mixed(h[i], i)) * SlotWords);
        }
    }

    /// <summary>The word, if this byte comes next.</summary>
    private uint WordWith(int value) => (uint)((value | 32) - 'a') < 26 || value >= 128 ? (_word + (uint)(value | 32)) * 0x2F0B_4C47u : 0;

    /// <summary>How far the match is trusted: its length, or how soon it is known to end.</summary>
    private uint Trust => (uint)(_armed > 0 ? 15 + Math.Min(_armed, 16) : Math.Min(_matchLength, 15));

    /// <summary>Contexts of records: the bytes 1 to 16 before, the place in eight bytes, and what stood at the two earlier places.</summary>
    private void OtherContexts(uint* h, byte* at, int position, int expected)
    {
        uint last = position >= Known ? BigEndian(at - 4) : 0;
        uint eighth = position >= Known ? at[-8] : 0u;
        uint sixteenth = position >= 16 ? at[-16] : 0u;
        uint place = (uint)position & 7;
        uint byteHere = (uint)expected;
        h[0] = ((last & 0xFFFF) + 1) * 0x9E37_79B1u;
        h[1] = (last + 3) * 0xC2B2_AE3Du;
        h[2] = ((last >> 8 & 0xFFFF) + 7) * 0x2545_F491u;
        h[3] = (byteHere << 8 | place | last >> 24 << 16) * 0xB529_7A4Du + 8;
        h[4] = (eighth | sixteenth << 8 | place << 16) * 0xDAA6_6D2Bu + 11;
        h[5] = ((uint)_nearExpected << 8 | last & 0xFF | (uint)Math.Min(_nearLength, 7) << 16 | byteHere << 20) * 0xB782_94E5u + 14;
    }

    /// <summary>Contexts of text: the bytes before, the word, and what stood at the earlier place.</summary>
    private void TextContexts(uint* h, byte* at, int position, int expected, uint word)
    {
        uint last = position >= Known ? BigEndian(at - 4) : 0;
        uint before = position >= Known ? BigEndian(at - 8) : 0;
        h[0] = ((last & 0xFFFF) + 1) * 0x9E37_79B1u;
        h[1] = ((last & 0xFF_FFFF) + 2) * 0x85EB_CA77u;
        h[2] = (last + 3) * 0xC2B2_AE3Du;
        h[3] = (last ^ (before & 0xFFFF) * 0x2C1B_3C6Du) * 0x27D4_EB2Fu + 4;
        h[4] = (word + 5) * 0x1656_67B1u ^ (last & 0xFF) * 0x9E37_79B1u;
        h[5] = ((uint)expected << 16 | Trust << 8 | last & 0xFF) * 0x9FB2_1C65u + 6;
    }

    private static uint BigEndian(byte* p) => BinaryPrimitives.ReverseEndianness(Bytes.Load32(p));

    private void Learned(byte* at, int position, int value, int expected)
    {
        _word = WordWith(value);
        byte* next = at + 1;
        int nextPosition = position + 1;
        _armed -= _armed > 0 ? 1 : 0;
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
            _armed = 0;
        }

        if (nextPosition < Known)
        {
            return;
        }

        uint hash = MatchHash(next);
        if (_matchLength < MatchMinimum)
        {
            int candidate = _matchTable[hash];
            int length = candidate > 0 ? Same(next, candidate, 32) : 0;
            if (length >= MatchMinimum)
            {
                _matchLength = length;
                _matchPosition = candidate;
                _missed = 0;
            }
        }

        _matchTable[hash] = nextPosition;
        if (!_text)
        {
            uint nearHash = Bytes.Load32(next - 4) * 0x9E37_79B1u >> 32 - NearHashBits;
            int near = _nearTable[nearHash];
            _nearTable[nearHash] = nextPosition;
            _nearLength = near > 0 ? Same(next, near, 8) : 0;
            _nearExpected = _nearLength >= NearMinimum ? _block[near] : 0;
        }
    }

    /// <summary>How many bytes before <paramref name="next"/> are the same as before an earlier place.</summary>
    private int Same(byte* next, int place, int most)
    {
        int length = 0;
        while (length < most && length < place && next[-1 - length] == _block[place - 1 - length])
        {
            length++;
        }

        return length;
    }

    private static uint MatchHash(byte* next) =>
        (Bytes.Load32(next - 4) * 0x9E37_79B1u ^ (uint)(next[-5] | next[-6] << 8) * 0x85EB_CA6Bu) * 0x2C1B_3C6Du >> 32 - MatchHashBits;

    /// <summary>A counter's place in its map: by its age and by the steps of what it stands for, which are finer towards 0 and 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Quantised(ushort counter) => (counter & 7) << 6 | Steps[(nuint)(uint)(counter >> 4)];

    private static uint Mixed(uint hash, int context) => (hash ^ hash >> 15) * 0x2C1B_3C6Du + (uint)context * 0x9E37_79B1u;

    private uint Place(uint hash) => (hash ^ hash >> 13) & _slotMask;

    /// <summary>Where a second half byte stands: in the group of the first.</summary>
    private uint SecondPlace(uint first, uint hash) => Place(first) & ~(uint)(GroupSlots - 1) | Place(hash) & GroupSlots - 1;

    /// <summary>The counters of a context's half byte; where it has none, those of the less experienced of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ushort* Slot(uint hash, uint index)
    {
        ushort check = (ushort)(hash >> 16);
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
