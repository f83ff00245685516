using CsCheck;
using NovaCron.Dwcp.Codec.Dictionary.Coding;
using NovaCron.Dwcp.Codec.Dictionary.Parsing;
using NovaCron.Dwcp.Codec.Entropy;
using NovaCron.Dwcp.Codec.Entropy.Huffman;
using NovaCron.Dwcp.Codec.Entropy.Nibbles;

namespace NovaCron.Dwcp.Codec.Tests;

/// <summary>Each unsafe or vectorised kernel against its plain form.</summary>
public sealed unsafe class KernelAgreementTests
{
    [Fact]
    public void A_Huffman_stream_reads_the_same_bit_by_bit() =>
        Gen.Select(Gen.Int[2, 3000], Gen.Int[0, 1000], Gen.Int[1, 8]).Sample((length, seed, skew) =>
        {
            var random = new Random(seed);
            byte[] symbols = new byte[length];
            for (int i = 0; i < length; i++)
            {
                symbols[i] = (byte)(Math.Pow(random.NextDouble(), skew) * 256);
            }

            symbols[0] = 0;
            symbols[^1] = 255;
            Span<uint> counts = stackalloc uint[256];
            Histogram.Count(symbols, counts);
            Span<byte> lengths = stackalloc byte[256];
            HuffmanCode.BuildLengths(counts, lengths);
            Span<byte> description = stackalloc byte[HuffmanCode.MaxDescription];
            int written = HuffmanCode.WriteLengths(lengths, description);
            Span<byte> again = stackalloc byte[256];
            Assert.Equal(written, HuffmanCode.ReadLengths(description, again));
            Assert.True(lengths.SequenceEqual(again));

            Span<ulong> codes = stackalloc ulong[256];
            HuffmanCode.AssignCodes(lengths, codes);
            byte[] stream = new byte[length * 2 + 16];
            int end;
            fixed (byte* s = symbols)
            fixed (byte* d = stream)
            fixed (ulong* c = codes)
            {
                end = (int)(HuffmanKernel.EncodeStream(s, length, c, d) - d);
            }

            byte[] decoded = new byte[length];
            Assert.True(HuffmanReference.Decode(stream.AsSpan(0, end), lengths, decoded));
            Assert.Equal(symbols, decoded);
        }, iter: 150);

    // Both numbers of streams, whole and with one bit flipped: the kernel and the reference agree on every symbol and on whether the streams end where they should.
    [Fact]
    public void Interleaved_Huffman_streams_read_the_same_bit_by_bit_good_or_bad() =>
        Gen.Select(Gen.Int[4, 9000], Gen.Int[0, 1000], Gen.Int[1, 8]).Sample((count, seed, skew) =>
        {
            var random = new Random(seed);
            byte[] symbols = new byte[count];
            for (int i = 0; i < count; i++)
            {
                symbols[i] = (byte)(Math.Pow(random.NextDouble(), skew) * 256);
            }

            symbols[0] = 0;
            symbols[^1] = 255;
            Span<uint> counts = stackalloc uint[256];
            Histogram.Count(symbols, counts);
            byte[] lengths = new byte[256];
            HuffmanCode.BuildLengths(counts, lengths);
            Span<ulong> codes = stackalloc ulong[256];
            HuffmanCode.AssignCodes(lengths, codes);
            ushort[] table = new ushort[HuffmanCode.TableSize];
            HuffmanCode.FillTable(lengths, table);
            int streams = HuffmanKernel.StreamsOf(count);
            const int Below = 8;
            byte[] payload = new byte[Below + count * 2 + 16 * HuffmanKernel.MaxStreams];
            int[] ends = new int[streams];
            fixed (byte* s = symbols)
            fixed (byte* d = payload)
            fixed (ulong* c = codes)
            {
                byte* p = d + Below;
                for (int i = 0; i < streams; i++)
                {
                    int from = HuffmanKernel.SymbolsBefore(i, streams, count);
                    p = HuffmanKernel.EncodeStream(s + from, HuffmanKernel.SymbolsBefore(i + 1, streams, count) - from, c, p);
                    ends[i] = (int)(p - d);
                }
            }

            Check(good: true);
            int flip = random.Next(Below * 8, ends[^1] * 8);
            payload[flip >> 3] ^= (byte)(1 << (flip & 7));
            if (ends.All(end => payload[end - 1] != 0))
            {
                Check(good: false);
            }

            void Check(bool good)
            {
                byte[] expected = new byte[count];
                byte[] actual = new byte[count];
                bool expectedExact = true;
                for (int i = 0; i < streams; i++)
                {
                    int begin = i == 0 ? Below : ends[i - 1];
                    int from = HuffmanKernel.SymbolsBefore(i, streams, count);
                    expectedExact &= HuffmanReference.Decode(
                        payload.AsSpan(begin, ends[i] - begin), lengths, expected.AsSpan(from, HuffmanKernel.SymbolsBefore(i + 1, streams, count) - from));
                }

                bool actualExact;
                byte** pointers = stackalloc byte*[streams];
                fixed (byte* p = payload)
                fixed (byte* d = actual)
                fixed (ushort* t = table)
                {
                    for (int i = 0; i < streams; i++)
                    {
                        pointers[i] = p + ends[i];
                    }

                    actualExact = HuffmanKernel.Decode(p + Below, pointers, t, d, count);
                }

                Assert.Equal(expectedExact, actualExact);
                Assert.True(!good || actualExact);
                if (actualExact)
                {
                    Assert.Equal(expected, actual);
                }
            }
        }, iter: 100);

    [Fact]
    public void The_copying_loop_does_what_its_reference_does_good_or_bad() =>
        Gen.Select(Gen.Int[0, 100_000], Gen.Int[64, 4000]).Sample((seed, length) =>
        {
            var random = new Random(seed);
            int position = random.Next(0, 300);
            byte[] commands = new byte[random.Next(1, length / 12 + 2)];
            random.NextBytes(commands);
            byte[] lengths = new byte[commands.Length * 2 + 16];
            for (int i = 0; i < lengths.Length; i++)
            {
                lengths[i] = (byte)random.Next(random.Next(20) == 0 ? 256 : 12);
            }

            int[] offsets = new int[commands.Length + 4];
            for (int i = 0; i < offsets.Length; i++)
            {
                offsets[i] = random.Next(1, random.Next(3) == 0 ? 20 : position + 40);
            }

            byte[] literals = new byte[length + 256];
            random.NextBytes(literals);
            byte[] plain = new byte[position + length];
            random.NextBytes(plain);
            byte[] fast = [.. plain];

            // Cut every stream to what the commands use, where they fit at all; else both must refuse.
            (int literalCount, int lengthCount, int offsetCount) = Used(commands, lengths, length);
            literalCount = Math.Clamp(literalCount, 0, length);
            RecentOffsets recentPlain = RecentOffsets.Initial;
            RecentOffsets recentFast = RecentOffsets.Initial;
            bool expected = CommandReference.Execute(
                plain, position, length, literals.AsSpan(0, literalCount), commands, lengths.AsSpan(0, lengthCount), offsets.AsSpan(0, offsetCount),
                ref recentPlain);
            bool actual;
            fixed (byte* b = fast)
            fixed (byte* l = literals)
            fixed (byte* c = commands)
            fixed (byte* n = lengths)
            fixed (int* o = offsets)
            {
                var state = new CommandKernel.State
                {
                    History = b,
                    Out = b + position,
                    SegmentEnd = b + position + length,
                    BlockEnd = b + fast.Length,
                    Literals = l,
                    LiteralsEnd = l + literalCount,
                    Commands = c,
                    CommandsEnd = c + commands.Length,
                    Lengths = n,
                    LengthsEnd = n + lengthCount,
                    Offsets = o,
                };
                actual = CommandKernel.Execute(ref state, ref recentFast) && state.Lengths == n + lengthCount && state.Offsets == o + offsetCount;
            }

            Assert.Equal(expected, actual);
            if (expected)
            {
                Assert.Equal(plain, fast);
                Assert.Equal(recentPlain, recentFast);
            }
        }, iter: 3000);

    private static (int Literals, int Lengths, int Offsets) Used(byte[] commands, byte[] lengths, int total)
    {
        int literals = 0, copied = 0, used = 0, offsets = 0;
        foreach (byte command in commands)
        {
            int count = command & 3;
            int copy = (command >> 2 & 15) + 2;
            if (count == 3)
            {
                count += Next();
            }

            if (copy == 17)
            {
                copy += Next();
            }

            literals += count;
            copied += copy;
            offsets += command >> 6 == 3 ? 1 : 0;
        }

        return (total - copied, Math.Min(used, lengths.Length), offsets);

        int Next()
        {
            int value = used < lengths.Length ? lengths[used] : 0;
            used++;
            if (value == 255)
            {
                value = used + 3 <= lengths.Length ? lengths[used] | lengths[used + 1] << 8 | lengths[used + 2] << 16 : 0;
                used += 3;
            }

            return value;
        }
    }

    [Fact]
    public void A_nibble_model_moves_as_its_formula_says_and_keeps_every_symbol_possible()
    {
        var random = new Random(3);
        ushort[] models = new ushort[17 + 15];
        NibbleModel.Reset(models);
        int[] plain = [.. Enumerable.Range(0, 16).Select(i => i * 2048)];
        fixed (ushort* model = models)
        {
            model[16] = 0;
            byte age = 0;
            for (int n = 0; n < 200_000; n++)
            {
                int symbol = n % 3000 < 2500 ? n / 3000 % 16 : random.Next(16);
                int shift = NibbleModel.Shifts[Math.Min(n, NibbleModel.Shifts.Length - 1)];
                NibbleModel.Update(model, symbol, &age);
                for (int i = 0; i < 16; i++)
                {
                    int target = i <= symbol ? 16 * i : 32768 - 16 * (16 - i);
                    plain[i] += target - plain[i] >> shift;
                    Assert.Equal(plain[i], model[i]);
                    Assert.True(i == 0 ? model[0] == 0 : model[i] > model[i - 1], "A symbol became impossible.");
                }

                uint slot = (uint)random.Next(32768);
                int expected = 15;
                while (plain[expected] > slot)
                {
                    expected--;
                }

                Assert.Equal(expected, NibbleModel.Find(model, slot));
            }
        }
    }

    // Of one block it may be dearer, and by a hundredth of blocks that hold no matches: it decides without looking on matches beyond the tabled lengths, on long runs of literals and on the last bytes.
    [Fact]
    public void Priced_parses_are_no_dearer_than_lazy_ones_at_the_same_prices()
    {
        for (int kind = 0; kind < SampleData.Kinds.Length; kind++)
        {
            long lazySum = 0;
            long pricedSum = 0;
            for (int seed = 0; seed < 6; seed++)
            {
                var (lazyPrice, pricedPrice) = PricesOfBothParses(SampleData.Make(SampleData.Kinds[kind], 200 + seed * 3_300, seed));
                lazySum += lazyPrice;
                pricedSum += pricedPrice;
            }

            Assert.True(pricedSum <= lazySum * 101 / 100, $"{SampleData.Kinds[kind]}: {pricedSum} priced, {lazySum} lazy");
        }
    }

    private static (long Lazy, long Priced) PricesOfBothParses(byte[] block)
    {
        int length = block.Length;
        var encoder = new NibbleEncoder();
        encoder.Begin();
        var prices = new NibblePrices();
        bool text = TextDetector.IsText(block);
        var lazy = new SequenceBuffer(NibbleCoding.MaxSegment);
        var priced = new SequenceBuffer(NibbleCoding.MaxSegment);
        fixed (byte* b = block)
        {
            encoder.Start(b, b, text, RecentOffsets.Initial);
            prices.Update(encoder.Models, text);
            var lazyParser = new LazyParser(4, 19, 15, 15);
            lazyParser.Begin(b, length);
            lazyParser.Parse(0, length, lazy);
            var optimalParser = new OptimalParser(19, 18, NibblePrices.TabledLengths);
            optimalParser.Begin(b, length);
            optimalParser.Parse(0, length, text, RecentOffsets.Initial, encoder, follow: false, priced);
            return (Price(b, length, lazy, prices, text), Price(b, length, priced, prices, text));
        }
    }

    private static long Price(byte* block, int length, SequenceBuffer sequences, NibblePrices prices, bool text)
    {
        long sum = 0;
        int lastKind = 0;
        byte* p = block;
        RecentOffsets recent = RecentOffsets.Initial;
        for (int i = 0; i <= sequences.Count; i++)
        {
            int run = i < sequences.Count ? sequences.Items[i].Literals : (int)(block + length - p);
            sum += prices.Count(lastKind, run, NibbleCoding.Alignment(text, p, block));
            for (int n = 0; n < run; n++, p++)
            {
                sum += prices.Literal(*p, p > block ? p[-1] : 0, NibbleCoding.SecondContext(text, p, block, recent.First, n == 0 ? NibbleCoding.FirstLiteral : 0));
            }

            if (i < sequences.Count)
            {
                Sequence item = sequences.Items[i];
                int which = recent.IndexOf(item.Offset);
                int code = item.Length - (which == RecentOffsets.Count ? NibbleCoding.MinNew : NibbleCoding.MinRepeat);
                int kind = which << 2 | Math.Min(code, 3);
                int alignment = NibbleCoding.Alignment(text, p, block);
                sum += prices.Kinds(lastKind, run == 0, alignment)[kind] + prices.Lengths(which, run == 0, alignment)[Math.Min(code, NibblePrices.TabledLengths - 1)];
                if (which == RecentOffsets.Count)
                {
                    sum += prices.Offset(item.Offset, out int high);
                    sum += prices.OffsetHighs(code)[high];
                }

                lastKind = kind;
                recent.Use(item.Offset);
                p += item.Length;
            }
        }

        return sum;
    }
}
