using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>Debian's libzstd, liblzma, libbrotli and liblz4, called in this process. A library that is not installed is reported, not guessed.</summary>
internal static unsafe partial class Peers
{
    private const string ZstdLibrary = "libzstd.so.1";
    private const string LzmaLibrary = "liblzma.so.5";
    private const string BrotliEncoderLibrary = "libbrotlienc.so.1";
    private const string BrotliDecoderLibrary = "libbrotlidec.so.1";
    private const string Lz4Library = "liblz4.so.1";

    /// <summary>Every level of every peer that is installed; names as its command line has them.</summary>
    public static IEnumerable<ICodec> All()
    {
        if (Present(ZstdLibrary, "libzstd1"))
        {
            foreach (int level in (int[])[-5, -1, .. Enumerable.Range(1, 22)])
            {
                yield return new Zstd(level);
            }
        }

        if (Present(LzmaLibrary, "liblzma5"))
        {
            for (uint preset = 0; preset <= 9; preset++)
            {
                yield return new Xz(preset, extreme: false);
            }

            yield return new Xz(6, extreme: true);
            yield return new Xz(9, extreme: true);
        }

        if (Present(BrotliEncoderLibrary, "libbrotli1") && Present(BrotliDecoderLibrary, "libbrotli1"))
        {
            for (int quality = 0; quality <= 11; quality++)
            {
                yield return new Brotli(quality);
            }
        }

        if (Present(Lz4Library, "liblz4-1"))
        {
            yield return new Lz4(0);
            for (int level = 3; level <= 12; level++)
            {
                yield return new Lz4(level);
            }
        }
    }

    private static bool Present(string library, string package)
    {
        if (NativeLibrary.TryLoad(library, out _))
        {
            return true;
        }

        Console.Error.WriteLine($"SKIPPED: {library} is not installed (apt-get install {package}); its levels are not in the table.");
        return false;
    }

    private sealed class Zstd(int level) : ICodec
    {
        public string Family => "zstd";
        public string Name => level < 0 ? $"zstd --fast={-level}" : $"zstd -{level}";
        public string Version => Marshal.PtrToStringUTF8(ZSTD_versionString())!;
        public int MaxEncoded(int length) => (int)ZSTD_compressBound((nuint)length);

        public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            fixed (byte* s = source)
            fixed (byte* d = destination)
            {
                nuint n = ZSTD_compress(d, (nuint)destination.Length, s, (nuint)source.Length, level);
                return ZSTD_isError(n) != 0 ? throw new InvalidOperationException($"{Name} failed.") : (int)n;
            }
        }

        public void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            fixed (byte* s = source)
            fixed (byte* d = destination)
            {
                if (ZSTD_decompress(d, (nuint)destination.Length, s, (nuint)source.Length) != (nuint)destination.Length)
                {
                    throw new InvalidOperationException($"{Name} did not decode.");
                }
            }
        }
    }

    private sealed class Xz(uint preset, bool extreme) : ICodec
    {
        private const int CheckCrc32 = 1;
        public string Family => "xz";
        public string Name => $"xz -{preset}{(extreme ? "e" : "")}";
        public string Version => Marshal.PtrToStringUTF8(lzma_version_string())!;
        public int MaxEncoded(int length) => (int)lzma_stream_buffer_bound((nuint)length);

        public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            nuint n = 0;
            fixed (byte* s = source)
            fixed (byte* d = destination)
            {
                int code = lzma_easy_buffer_encode(
                    preset | (extreme ? 1u << 31 : 0), CheckCrc32, null, s, (nuint)source.Length, d, ref n, (nuint)destination.Length);
                return code != 0 ? throw new InvalidOperationException($"{Name} failed with {code}.") : (int)n;
            }
        }

        public void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            ulong limit = 1ul << 31;
            nuint read = 0, written = 0;
            fixed (byte* s = source)
            fixed (byte* d = destination)
            {
                int code = lzma_stream_buffer_decode(
                    ref limit, 0, null, s, ref read, (nuint)source.Length, d, ref written, (nuint)destination.Length);
                if (code != 0 || written != (nuint)destination.Length)
                {
                    throw new InvalidOperationException($"{Name} did not decode: {code}.");
                }
            }
        }
    }

    private sealed class Brotli(int quality) : ICodec
    {
        private const int Window = 24;
        public string Family => "brotli";
        public string Name => $"brotli -{quality}";

        public string Version
        {
            get
            {
                uint version = BrotliEncoderVersion();
                return $"{version >> 24}.{version >> 12 & 0xFFF}.{version & 0xFFF}";
            }
        }

        public int MaxEncoded(int length) => (int)BrotliEncoderMaxCompressedSize((nuint)length);

        public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            nuint n = (nuint)destination.Length;
            fixed (byte* s = source)
            fixed (byte* d = destination)
            {
                return BrotliEncoderCompress(quality, Window, 0, (nuint)source.Length, s, ref n, d) == 0
                    ? throw new InvalidOperationException($"{Name} failed.")
                    : (int)n;
            }
        }

        public void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            nuint n = (nuint)destination.Length;
            fixed (byte* s = source)
            fixed (byte* d = destination)
            {
                if (BrotliDecoderDecompress((nuint)source.Length, s, ref n, d) != 1 || n != (nuint)destination.Length)
                {
                    throw new InvalidOperationException($"{Name} did not decode.");
                }
            }
        }
    }

    private sealed class Lz4(int level) : ICodec
    {
        public string Family => "lz4";
        public string Name => level == 0 ? "lz4 -1" : $"lz4 -{level}";
        public string Version => Marshal.PtrToStringUTF8(LZ4_versionString())!;
        public int MaxEncoded(int length) => LZ4_compressBound(length);

        public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            fixed (byte* s = source)
            fixed (byte* d = destination)
            {
                int n = level == 0
                    ? LZ4_compress_default(s, d, source.Length, destination.Length)
                    : LZ4_compress_HC(s, d, source.Length, destination.Length, level);
                return n <= 0 ? throw new InvalidOperationException($"{Name} failed.") : n;
            }
        }

        public void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
        {
            fixed (byte* s = source)
            fixed (byte* d = destination)
            {
                if (LZ4_decompress_safe(s, d, source.Length, destination.Length) != destination.Length)
                {
                    throw new InvalidOperationException($"{Name} did not decode.");
                }
            }
        }
    }

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_compress(byte* destination, nuint capacity, byte* source, nuint length, int level);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_decompress(byte* destination, nuint capacity, byte* source, nuint length);

    [LibraryImport(ZstdLibrary)]
    private static partial nuint ZSTD_compressBound(nuint length);

    [LibraryImport(ZstdLibrary)]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport(ZstdLibrary)]
    private static partial nint ZSTD_versionString();

    [LibraryImport(LzmaLibrary)]
    private static partial int lzma_easy_buffer_encode(
        uint preset, int check, void* allocator, byte* source, nuint length, byte* destination, ref nuint position, nuint capacity);

    [LibraryImport(LzmaLibrary)]
    private static partial int lzma_stream_buffer_decode(
        ref ulong memoryLimit, uint flags, void* allocator, byte* source, ref nuint read, nuint length, byte* destination, ref nuint written,
        nuint capacity);

    [LibraryImport(LzmaLibrary)]
    private static partial nuint lzma_stream_buffer_bound(nuint length);

    [LibraryImport(LzmaLibrary)]
    private static partial nint lzma_version_string();

    [LibraryImport(BrotliEncoderLibrary)]
    private static partial int BrotliEncoderCompress(
        int quality, int window, int mode, nuint length, byte* source, ref nuint encoded, byte* destination);

    [LibraryImport(BrotliEncoderLibrary)]
    private static partial nuint BrotliEncoderMaxCompressedSize(nuint length);

    [LibraryImport(BrotliEncoderLibrary)]
    private static partial uint BrotliEncoderVersion();

    [LibraryImport(BrotliDecoderLibrary)]
    private static partial int BrotliDecoderDecompress(nuint length, byte* source, ref nuint decoded, byte* destination);

    [LibraryImport(Lz4Library)]
    private static partial int LZ4_compress_default(byte* source, byte* destination, int length, int capacity);

    [LibraryImport(Lz4Library)]
    private static partial int LZ4_compress_HC(byte* source, byte* destination, int length, int capacity, int level);

    [LibraryImport(Lz4Library)]
    private static partial int LZ4_decompress_safe(byte* source, byte* destination, int length, int capacity);

    [LibraryImport(Lz4Library)]
    private static partial int LZ4_compressBound(int length);

    [LibraryImport(Lz4Library)]
    private static partial nint LZ4_versionString();
}
