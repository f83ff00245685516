using System.Globalization;
using NovaCron.Dwcp.Benchmarks.Codec;
using NovaCron.Dwcp.Benchmarks.Datacenter;
using NovaCron.Dwcp.Benchmarks.Hde;
using NovaCron.Dwcp.Benchmarks.Links;
using NovaCron.Dwcp.Codec;

// ucx [SECONDS]
// loopback [SECONDS]
// links ROW,.. [--seconds N] [--runs N] [--peers 0] [--dwcp dwcp.dll] [--directory DIR] [--verbose 1]
// window FILE [--mib N] [--window MIB] [--levels NAME,..]
// dictionary FILE-OF-LINES [--length BYTES]
// codec CORPUS [--only MEMBER,..] [--codecs NAME-OR-FAMILY,..] [--mib N] [--seconds S] [--threads N] [--block BYTES] [--rounds N | [--report DIRECTORY] [--results FILE]]
return args is ["codec", string corpus, ..]
    ? RunCodec(corpus, args[2..])
    : args is ["window", string file, ..] ? RunWindow(file, args[2..])
    : args is ["dictionary", string lines, ..] ? HdeBenchmark.RunDictionary(lines, int.Parse(Value(args, "--length") ?? "112640", CultureInfo.InvariantCulture))
    : args is ["ucx", ..] ? UcxBenchmark.Run(args[1..])
    : args is ["links", ..] ? LinkBenchmark.Run(args[1..])
    : args is ["loopback", ..] ? LoopbackBenchmark.Run(args[1..])
    : args is [LinkNode.Verb, string store, string key] ? await LinkNode.RunAsync(store, key).ConfigureAwait(false)
    : Usage();

static int Usage()
{
    Console.Error.WriteLine(
        """
        usage: codec CORPUS [--only MEMBER,..] [--codecs NAME-OR-FAMILY,..] [--mib N] [--seconds S] [--threads N] [--block BYTES] [--rounds N | [--report DIRECTORY] [--results FILE]]
               window FILE [--mib N] [--window MIB] [--levels NAME,..]
               dictionary FILE-OF-LINES [--length BYTES]
               ucx [SECONDS]
               links ROW,.. [--seconds N] [--runs N] [--peers 0] [--dwcp dwcp.dll] [--directory DIR] [--verbose 1]
               loopback [SECONDS]
        A codec is a family (dwcp, zstd, xz, brotli, lz4) or a level without its space: dwcpFast, zstd-1, zstd--fast=5, xz-9e. CORPUS is made by corpus.sh.
        With --rounds, codecs take turns, so that a machine whose speed changes favours none, and the medians of the rounds' factors are printed.
        With --report, codec-N.md and two charts are written for N threads. With --results, what was measured is added to a file, and the report is over
        all that is in it: members may be measured in runs of their own.
        """);
    return 2;
}

static string? Value(string[] options, string name) => Array.IndexOf(options, name) is >= 0 and int i && i + 1 < options.Length ? options[i + 1] : null;

static int RunWindow(string file, string[] options) => HdeBenchmark.RunWindow(
    file, int.Parse(Value(options, "--mib") ?? "256", CultureInfo.InvariantCulture), int.Parse(Value(options, "--window") ?? "128", CultureInfo.InvariantCulture),
    [.. (Value(options, "--levels") ?? "Fast,Balanced,Dense").Split(',').Select(Enum.Parse<DwcpLevel>)]);

static int RunCodec(string corpus, string[] options)
{
    string? Option(string name) => Array.IndexOf(options, name) is >= 0 and int i && i + 1 < options.Length ? options[i + 1] : null;
    if (!Directory.Exists(corpus))
    {
        Console.Error.WriteLine($"{corpus} is not a directory; corpus.sh makes one.");
        return Usage();
    }

    string[] only = Option("--only")?.Split(',') ?? [];
    string[] wanted = Option("--codecs")?.Split(',') ?? [];
    int mib = int.Parse(Option("--mib") ?? "256", CultureInfo.InvariantCulture);
    double seconds = double.Parse(Option("--seconds") ?? "1", CultureInfo.InvariantCulture);
    int threads = int.Parse(Option("--threads") ?? "1", CultureInfo.InvariantCulture);
    int block = int.Parse(Option("--block") ?? "0", CultureInfo.InvariantCulture);
    DwcpLevel[] levels = [DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense, DwcpLevel.Max];
    List<ICodec> codecs = [.. levels.Select(l => new DwcpBlocks(l, block > 0 ? block : LevelParameters.Of(l).BlockLength)), .. Peers.All()];
    static string Short(ICodec codec) => codec.Name.Replace(" ", "", StringComparison.Ordinal);
    foreach (string name in wanted.Where(w => !codecs.Any(c => Is(c, w))))
    {
        Console.Error.WriteLine($"There is no codec {name}; there are {string.Join(' ', codecs.Select(Short))}.");
        return 2;
    }

    static bool Is(ICodec codec, string name) => Short(codec).Equals(name, StringComparison.OrdinalIgnoreCase) || codec.Family.Equals(name, StringComparison.OrdinalIgnoreCase);
    if (wanted.Length > 0)
    {
        codecs = [.. codecs.Where(c => wanted.Any(w => Is(c, w)))];
    }

    FileInfo[] members = [.. new DirectoryInfo(corpus).GetFiles().Where(f => only.Length == 0 || only.Contains(f.Name)).OrderBy(f => f.Name, StringComparer.Ordinal)];
    if (only.FirstOrDefault(o => !members.Any(m => m.Name == o)) is { } missing)
    {
        Console.Error.WriteLine($"{corpus} has no member {missing}; corpus.sh says why one is left out.");
        return 2;
    }

    var benchmark = new CodecBenchmark(threads, seconds);
    if (Option("--rounds") is { } rounds)
    {
        int count = int.Parse(rounds, CultureInfo.InvariantCulture);
        Console.WriteLine(CodecRoundsReport.Write([.. members.SelectMany(m => benchmark.RunRounds(codecs, m, mib << 20, count))]));
        return 0;
    }

    double copySpeed = CodecBenchmark.MemoryCopySpeed();
    List<CodecResult> results = [];
    string? file = Option("--results");
    foreach (FileInfo member in members)
    {
        List<CodecResult> measured = benchmark.Run(codecs, member, mib << 20);
        results.AddRange(measured);
        if (file is not null)
        {
            File.AppendAllLines(file, measured.Select(r => r.ToLine()));
        }
    }

    if (file is not null)
    {
        results = [.. File.ReadLines(file).Select(CodecResult.Parse)];
    }

    string report = CodecReport.Write(results, codecs.Where(c => results.Any(r => r.Family == c.Family)).Select(c => $"{c.Family} {c.Version}").Distinct(), threads, copySpeed);
    Console.WriteLine();
    Console.WriteLine(report[..report.IndexOf("### Every member", StringComparison.Ordinal)]);
    if (Option("--report") is { } directory)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, $"codec-{threads}.md"), report);
        List<CodecSummary> summaries = CodecSummary.Of(results);
        CodecChart.Save(summaries, "Compression", s => s.EncodeSpeed, Path.Combine(directory, $"codec-compress-{threads}.svg"));
        CodecChart.Save(summaries, "Expansion", s => s.DecodeSpeed, Path.Combine(directory, $"codec-expand-{threads}.svg"));
    }

    return 0;
}
