using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Benchmarks.Hde;

/// <summary>Windows and dictionaries beside libzstd's, in the same process and the same run, one thread.</summary>
internal static unsafe partial class HdeBenchmark
{
    private const string ZstdLibrary = "libzstd.so.1";
    private const int WindowLog = 101;
    private const int LongDistance = 160;
    private const int CompressionLevel = 100;

    /// <summary><c>window FILE [--mib N] [--window MIB] [--levels NAME,..]</c></summary>
    public static int RunWindow(string path, int mib, int windowMib, DwcpLevel[] levels)
    {
        byte[] content = ReadStart(path, mib);
        Console.WriteLine(Invariant($"{path}: {content.Length} bytes, window {windowMib} MiB, one thread, wall time of one run; libzstd {ZstdVersion()}"));
        Console.WriteLine("| codec | bytes | % saved | compress MB/s | expand MB/s |");
        Console.WriteLine("|---|---|---|---|---|");
        foreach (DwcpLevel level in levels)
        {
            foreach (int window in (int[])[0, windowMib << 20])
            {
                var options = new DwcpEncoderOptions { Level = level, Threads = 1, WindowLength = window };
                long start = Stopwatch.GetTimestamp();
                byte[] frame = DwcpEncoder.Encode(content, options);
                TimeSpan encode = Stopwatch.GetElapsedTime(start);
                start = Stopwatch.GetTimestamp();
                byte[] back = DwcpDecoder.Decode(frame, new DwcpDecoderOptions { Threads = 1, MemoryLimit = 2L << 30 });
                TimeSpan decode = Stopwatch.GetElapsedTime(start);
                Row($"DWCP {level}{(window > 0 ? " windowed" : "")}", content, frame.Length, encode, decode, back.AsSpan().SequenceEqual(content));
            }
        }

        foreach (int level in (int[])[1, 3, 9])
        {
            foreach (bool longDistance in (bool[])[false, true])
            {
                byte[] frame = new byte[content.Length + content.Length / 128 + 4096];
                byte[] back = new byte[content.Length];
                nint context = ZSTD_createCCtx();
                Check(ZSTD_CCtx_setParameter(context, CompressionLevel, level));
                if (longDistance)
                {
                    Check(ZSTD_CCtx_setParameter(context, LongDistance, 1));
                    Check(ZSTD_CCtx_setParameter(context, WindowLog, System.Numerics.BitOperations.Log2((uint)windowMib) + 20));
                }

                fixed (byte* c = content)
                fixed (byte* f = frame)
                fixed (byte* b = back)
                {
                    long start = Stopwatch.GetTimestamp();
                    nuint length = Check(ZSTD_compress2(context, f, (nuint)frame.Length, c, (nuint)content.Length));
                    TimeSpan encode = Stopwatch.GetElapsedTime(start);
                    start = Stopwatch.GetTimestamp();
                    Check(ZSTD_decompress(b, (nuint)back.Length, f, length));
                    Row($"zstd -{level}{(longDistance ? " --long" : "")}", content, (long)length, encode, Stopwatch.GetElapsedTime(start), back.AsSpan().SequenceEqual(content));
                }

                ZSTD_freeCCtx(context);
            }
        }

        return 0;
    }

    /// <summary><c>dictionary FILE [--length BYTES]</c>: every line is a payload; of each two, one trains and one is measured.</summary>
    public static int RunDictionary(string path, int length)
    {
        var training = new List<ReadOnlyMemory<byte>>();
        var measured = new List<ReadOnlyMemory<byte>>();
        ReadOnlyMemory<byte> content = ReadStart(path, 24);
        for (int i = 0; !content.IsEmpty; i++)
        {
            int end = content.Span.IndexOf((byte)'\n') + 1;
            ReadOnlyMemory<byte> line = end == 0 ? content : content[..end];
            content = content[line.Length..];
            if (line.Length is >= 8 and <= DwcpDictionary.MaxPayloadLength)
            {
                (i % 2 == 0 ? training : measured).Add(line);
            }
        }

        if (training.Count > 20_000)
        {
            training.RemoveRange(20_000, training.Count - 20_000);
        }

        if (measured.Count > 20_000)
        {
            measured.RemoveRange(20_000, measured.Count - 20_000);
        }

        long raw = measured.Sum(m => (long)m.Length);
        Console.WriteLine(Invariant($"{path}: {training.Count} lines train, {measured.Count} of {raw} bytes, {raw / measured.Count} on average, are each compressed alone; dictionaries of {length} bytes; libzstd {ZstdVersion()}"));
        Console.WriteLine("| codec | bytes | % saved | compress MB/s | expand MB/s |");
        Console.WriteLine("|---|---|---|---|---|");

        long start = Stopwatch.GetTimestamp();
        DwcpDictionary dictionary = DwcpDictionary.Train(training, length);
        Console.WriteLine(Invariant($"| (DWCP trained in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s, file of {dictionary.FileLength} bytes) | | | | |"));
        var frames = new List<byte[]>();
        byte[] room = new byte[DwcpDictionary.MaxEncodedLength(measured.Max(m => m.Length))];
        dictionary.Encode(measured[0].Span, room);
        start = Stopwatch.GetTimestamp();
        foreach (ReadOnlyMemory<byte> payload in measured)
        {
            frames.Add(room[..dictionary.Encode(payload.Span, room)]);
        }

        TimeSpan encode = Stopwatch.GetElapsedTime(start);
        bool right = true;
        start = Stopwatch.GetTimestamp();
        for (int i = 0; i < frames.Count; i++)
        {
            right &= dictionary.Decode(frames[i]).AsSpan().SequenceEqual(measured[i].Span);
        }

        Row("DWCP with dictionary, compact frames", raw, frames.Sum(f => (long)f.Length), encode, Stopwatch.GetElapsedTime(start), right);
        byte[] trained = ZstdTrain(training, length);
        foreach (int level in (int[])[3, 19])
        {
            MeasureZstd(measured, trained, level, raw);
        }

        MeasureZstd(measured, null, 19, raw);
        return 0;
    }

    private static byte[] ZstdTrain(List<ReadOnlyMemory<byte>> samples, int length)
    {
        byte[] joined = new byte[samples.Sum(s => s.Length)];
        nuint[] sizes = new nuint[samples.Count];
        int at = 0;
        for (int i = 0; i < samples.Count; i++)
        {
            samples[i].Span.CopyTo(joined.AsSpan(at));
            sizes[i] = (nuint)samples[i].Length;
            at += samples[i].Length;
        }

        byte[] dictionary = new byte[length];
        long start = Stopwatch.GetTimestamp();
        fixed (byte* d = dictionary)
        fixed (byte* j = joined)
        fixed (nuint* s = sizes)
        {
            nuint trained = ZDICT_trainFromBuffer(d, (nuint)length, j, s, (uint)sizes.Length);
            if (ZDICT_isError(trained) != 0)
            {
                throw new InvalidOperationException("zstd could not train a dictionary from these samples.");
            }

            Console.WriteLine(Invariant($"| (zstd trained in {Stopwatch.GetElapsedTime(start).TotalSeconds:0.0} s, file of {trained} bytes) | | | | |"));
            return dictionary[..(int)trained];
        }
    }

    private static void MeasureZstd(List<ReadOnlyMemory<byte>> measured, byte[]? dictionary, int level, long raw)
    {
        nint context = ZSTD_createCCtx();
        nint decoding = ZSTD_createDCtx();
        byte[] room = new byte[measured.Max(m => m.Length) * 2 + 1024];
        byte[] back = new byte[room.Length];
        var frames = new List<byte[]>();
        bool right = true;
        fixed (byte* d = dictionary)
        fixed (byte* r = room)
        fixed (byte* b = back)
        {
            nint forEncoding = dictionary is null ? 0 : ZSTD_createCDict(d, (nuint)dictionary.Length, level);
            nint forDecoding = dictionary is null ? 0 : ZSTD_createDDict(d, (nuint)dictionary.Length);
            Check(ZSTD_CCtx_setParameter(context, CompressionLevel, level));
            if (forEncoding != 0)
            {
                Check(ZSTD_CCtx_refCDict(context, forEncoding));
                Check(ZSTD_DCtx_refDDict(decoding, forDecoding));
            }

            long start = Stopwatch.GetTimestamp();
            foreach (ReadOnlyMemory<byte> payload in measured)
            {
                fixed (byte* p = payload.Span)
                {
                    frames.Add(room[..(int)Check(ZSTD_compress2(context, r, (nuint)room.Length, p, (nuint)payload.Length))]);
                }
            }

            TimeSpan encode = Stopwatch.GetElapsedTime(start);
            start = Stopwatch.GetTimestamp();
            for (int i = 0; i < frames.Count; i++)
            {
                fixed (byte* f = frames[i])
                {
                    nuint length = Check(ZSTD_decompressDCtx(decoding, b, (nuint)back.Length, f, (nuint)frames[i].Length));
                    right &= back.AsSpan(0, (int)length).SequenceEqual(measured[i].Span);
                }
            }

            Row($"zstd -{level}{(dictionary is null ? " without dictionary" : " with dictionary")}", raw, frames.Sum(f => (long)f.Length), encode, Stopwatch.GetElapsedTime(start), right);
            ZSTD_freeCDict(forEncoding);
            ZSTD_freeDDict(forDecoding);
        }

        ZSTD_freeCCtx(context);
        ZSTD_freeDCtx(decoding);
    }

    private static byte[] ReadStart(string path, int mib)
    {
        using FileStream file = File.OpenRead(path);
        byte[] content = new byte[Math.Min(file.Length, (long)mib << 20)];
        file.ReadExactly(content);
        return content;
    }

    private static void Row(string name, byte[] content, long encoded, TimeSpan encode, TimeSpan decode, bool right) => Row(name, content.Length, encoded, encode, decode, right);

    private static void Row(string name, long raw, long encoded, TimeSpan encode, TimeSpan decode, bool right)
    {
        if (!right)
        {
            throw new InvalidOperationException($"{name} did not return the content as it was.");
        }

        Console.WriteLine(Invariant($"| {name} | {encoded} | {100.0 * (raw - encoded) / raw:0.00} | {raw / encode.TotalSeconds / 1e6:0.0} | {raw / decode.TotalSeconds / 1e6:0.0} |"));
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static string ZstdVersion() => Marshal.PtrToStringUTF8(ZSTD_versionString())!;

    private static nuint Check(nuint code) => ZSTD_isError(code) == 0 ? code : throw new InvalidOperationException($"zstd failed with code {-(nint)code}.");

    [LibraryImport(ZstdLibrary)]
    private static partial nint ZSTD_versionString();

    [LibraryImport(ZstdLibrary)]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport(ZstdLibrary)]
    private static partial nint ZSTD_createCCtx();

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(ZstdLibrary)]
    private static partial nint ZSTD_createDCtx();

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_CCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_compress2(nint context, byte* destination, nuint capacity, byte* source, nuint length);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_decompress(byte* destination, nuint capacity, byte* source, nuint length);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_decompressDCtx(nint context, byte* destination, nuint capacity, byte* source, nuint length);

    [LibraryImport(ZstdLibrary)]
    private static partial nint ZSTD_createCDict(byte* dictionary, nuint length, int level);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_freeCDict(nint dictionary);

    [LibraryImport(ZstdLibrary)]
    private static partial nint ZSTD_createDDict(byte* dictionary, nuint length);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_freeDDict(nint dictionary);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_CCtx_refCDict(nint context, nint dictionary);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_DCtx_refDDict(nint context, nint dictionary);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZDICT_trainFromBuffer(byte* dictionary, nuint capacity, byte* samples, nuint* sizes, uint count);

    [LibraryImport(ZstdLibrary)]
    private static partial uint ZDICT_isError(nuint code);
}
