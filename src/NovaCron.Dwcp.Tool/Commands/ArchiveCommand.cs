using System.Diagnostics;
using System.Globalization;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Archives;
using NovaCron.Dwcp.Tool.CommandLine;

namespace NovaCron.Dwcp.Tool.Commands;

/// <summary><c>dwcp compress</c>, <c>expand</c>, <c>inspect</c>, <c>train</c> and <c>bench</c>: archives of one stream, in files or through pipes.</summary>
internal static class ArchiveCommand
{
    private const string Pipe = "-";
    private const int CopyBuffer = 1 << 20;

    public static Task<int> CompressAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp compress", arguments, ["level", "threads", "block", "window", "dictionary"], ["force"]);
        var encoder = new DwcpEncoderOptions
        {
            Level = Level(options, DwcpLevel.Dense),
            Threads = Number(options, "threads", Environment.ProcessorCount),
            BlockLength = Number(options, "block", 0),
            WindowLength = Window(options),
            Dictionary = Dictionary(options),
        };
        return ConvertAsync(options, static path => path + ".dwcp", (source, destination) =>
        {
            var known = source.CanSeek ? encoder with { ContentLength = source.Length } : encoder;
            return (source, new DwcpStream(destination, known));
        }, cancellationToken);
    }

    public static Task<int> ExpandAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp expand", arguments, ["threads", "memory", "dictionary"], ["force"]);
        var decoder = new DwcpDecoderOptions
        {
            Threads = Number(options, "threads", Environment.ProcessorCount),
            MemoryLimit = (long)Number(options, "memory", (int)(DwcpDecoderOptions.DefaultMemoryLimit >> 20)) << 20,
            Dictionary = Dictionary(options),
        };
        return ConvertAsync(
            options,
            static path => path.EndsWith(".dwcp", StringComparison.Ordinal) ? path[..^5] : path + ".out",
            (source, destination) => (new DwcpStream(source, decoder), destination),
            cancellationToken);
    }

    public static async Task<int> InspectAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp inspect", arguments, [], ["blocks"]);
        options.ExpectOperands("ARCHIVE");
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var archive = DwcpArchive.Open(OpenRead(options.Operands[0]));
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"""
                level    {archive.Level}
                content  {archive.Length} bytes
                archive  {archive.EncodedLength} bytes, {Saved(archive.Length, archive.EncodedLength):F2} % saved
                blocks   {archive.Blocks.Count} of at most {archive.BlockLength} bytes
                tree     xxh128:{archive.TreeHash:x32}
                """)).ConfigureAwait(false);
            if (archive.WindowLength > 0)
                await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"window   {archive.WindowLength} bytes")).ConfigureAwait(false);
            if (archive.DictionaryId != 0)
                await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"needs    dictionary {archive.DictionaryId:x8}")).ConfigureAwait(false);
            if (options.Has("blocks"))
            {
                foreach (var block in archive.Blocks)
                    await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                        $"{block.ContentOffset,16} {block.ContentLength,10} -> {block.PayloadLength,10}  {block.ContentHash:x32}{(block.Reach > 0 ? $"  refers {block.Reach} back" : "")}")).ConfigureAwait(false);
            }
            return ExitCode.Success;
        }
        catch (DwcpFormatException error)
        {
            throw new ToolException(ExitCode.Failure, $"{options.Operands[0]}: {error.Message}");
        }
    }

    public static async Task<int> TrainAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp train", arguments, ["length"], ["lines", "force"]);
        if (options.Operands.Count < 2)
            throw options.Complaint("It needs the dictionary to write and at least one file of samples: dwcp train DICTIONARY SAMPLE...");
        var samples = new DictionarySamples();
        try
        {
            foreach (var path in options.Operands.Skip(1))
            {
                if (!File.Exists(path))
                    throw Missing(path);
                await samples.AddAsync(path, options.Has("lines"), cancellationToken).ConfigureAwait(false);
            }
            var result = samples.Train(options.Operands[0], Number(options, "length", DwcpDictionary.DefaultContentLength), options.Has("force"), cancellationToken);
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{result.Path}: dictionary {result.Id}, {result.FileLength} bytes, from {result.SampleCount} samples of {result.SampleBytes} bytes")).ConfigureAwait(false);
            return ExitCode.Success;
        }
        catch (Exception error) when (error is ArgumentException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException(ExitCode.Failure, $"{options.Operands[0]}: {error.Message}");
        }
    }

    public static async Task<int> BenchAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp bench", arguments, ["mib", "threads"], []);
        options.ExpectOperands("FILE");
        var limit = (long)Number(options, "mib", 64) << 20;
        var threads = Number(options, "threads", 1);
        var content = new byte[(int)Math.Min(limit, new FileInfo(options.Operands[0]) is { Exists: true } file ? file.Length : throw Missing(options.Operands[0]))];
        await using (var source = OpenRead(options.Operands[0]))
            await source.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
            $"{options.Operands[0]}: {content.Length} bytes, {threads} thread(s), wall time of one run after one to warm up")).ConfigureAwait(false);
        foreach (var level in (DwcpLevel[])[DwcpLevel.Store, DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense, DwcpLevel.Max])
        {
            cancellationToken.ThrowIfCancellationRequested();
            var encode = new DwcpEncoderOptions { Level = level, Threads = threads };
            var decode = new DwcpDecoderOptions { Threads = threads };
            byte[] frame = [];
            byte[] back = [];
            var encodeTime = TimeSpan.Zero;
            var decodeTime = TimeSpan.Zero;
            for (var run = 0; run < 2; run++)
            {
                var start = Stopwatch.GetTimestamp();
                frame = DwcpEncoder.Encode(content, encode);
                encodeTime = Stopwatch.GetElapsedTime(start);
                start = Stopwatch.GetTimestamp();
                back = DwcpDecoder.Decode(frame, decode);
                decodeTime = Stopwatch.GetElapsedTime(start);
            }
            if (!back.AsSpan().SequenceEqual(content))
                throw new ToolException(ExitCode.Failure, $"Level {level} did not return the content as it was. This is a defect: please report it with the file.");
            await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture,
                $"{level,-9} {Saved(content.Length, frame.Length),7:F2} % saved   compress {Speed(content.Length, encodeTime),9:F1} MB/s   expand {Speed(content.Length, decodeTime),9:F1} MB/s")).ConfigureAwait(false);
        }
        return ExitCode.Success;
    }

    private static async Task<int> ConvertAsync(
        OptionReader options, Func<string, string> nameFor, Func<Stream, Stream, (Stream From, Stream To)> connect, CancellationToken cancellationToken)
    {
        if (options.Operands.Count > 2)
            throw options.Complaint($"Unexpected argument '{options.Operands[2]}'.");
        var input = options.Operands.Count > 0 ? options.Operands[0] : Pipe;
        var output = options.Operands.Count > 1 ? options.Operands[1] : input == Pipe ? Pipe : nameFor(input);
        if (output != Pipe && File.Exists(output) && !options.Has("force"))
            throw new ToolException(ExitCode.Failure, $"{output} exists; --force replaces it.");

        // A file appears under its name only when it is whole: an interrupted run leaves nothing that looks like an archive.
        var temporary = output == Pipe ? null : output + ".partial";
        try
        {
            var source = input == Pipe ? Console.OpenStandardInput() : OpenRead(input);
            var destination = temporary is null ? Console.OpenStandardOutput() : new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None);
            var (from, to) = connect(source, destination);
            await using (from.ConfigureAwait(false))
            await using (to.ConfigureAwait(false))
            {
                try
                {
                    await from.CopyToAsync(to, CopyBuffer, cancellationToken).ConfigureAwait(false);
                }
                catch
                {
                    // Half of the content must not become a whole archive at the other end of a pipe.
                    (to as DwcpStream)?.Abort();
                    throw;
                }
            }
            if (temporary is not null)
                File.Move(temporary, output, overwrite: true);
            return ExitCode.Success;
        }
        catch (Exception error) when (error is DwcpFormatException or IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            throw new ToolException(ExitCode.Failure, $"{(input == Pipe ? "standard input" : input)}: {error.Message}");
        }
        finally
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
        }
    }

    private static FileStream OpenRead(string path) =>
        File.Exists(path) ? new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read) : throw Missing(path);

    private static ToolException Missing(string path) => new(ExitCode.NoInput, $"{path} does not exist.");

    private static DwcpLevel Level(OptionReader options, DwcpLevel otherwise) =>
        options.Value("level") is not { } text ? otherwise
        : Enum.TryParse(text, ignoreCase: true, out DwcpLevel level) && Enum.IsDefined(level) && !int.TryParse(text, CultureInfo.InvariantCulture, out _) ? level
        : throw options.Complaint($"--level {text} is none of {string.Join(", ", Enum.GetNames<DwcpLevel>())}.");

    private static int Number(OptionReader options, string name, int otherwise) =>
        options.Value(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value
        : throw options.Complaint($"--{name} {text} is not a whole number above 0.");

    private static int Window(OptionReader options)
    {
        var mebibytes = Number(options, "window", 0);
        return mebibytes <= DwcpEncoderOptions.MaxWindowLength >> 20 ? mebibytes << 20
            : throw options.Complaint($"--window {mebibytes} is above {DwcpEncoderOptions.MaxWindowLength >> 20} MiB.");
    }

    private static DwcpDictionary? Dictionary(OptionReader options)
    {
        if (options.Value("dictionary") is not { } path)
            return null;
        try
        {
            return DwcpDictionary.Load(path);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Missing(path);
        }
        catch (Exception error) when (error is DwcpFormatException or IOException or UnauthorizedAccessException)
        {
            throw new ToolException(ExitCode.Failure, $"{path}: {error.Message}");
        }
    }

    private static double Saved(long content, long encoded) => content == 0 ? 0 : 100.0 * (content - encoded) / content;

    private static double Speed(long bytes, TimeSpan time) => bytes / time.TotalSeconds / 1e6;
}
