using System.Globalization;
using NovaCron.Dwcp.Benchmarks.Codec;
using NovaCron.Dwcp.Benchmarks.Datacenter;
using NovaCron.Dwcp.Codec;

// ucx [SECONDS]
// codec CORPUS [--only NAME,..] [--codecs NAME,..] [--mib N] [--seconds S] [--block BYTES] [--report DIRECTORY]
return args is ["codec", string corpus, ..]
    ? RunCodec(corpus, args[2..])
    : args is ["ucx", ..] ? UcxBenchmark.Run(args[1..])
    : Usage();

static int Usage()
{
    Console.Error.WriteLine("usage: codec CORPUS [--only MEMBER,..] [--codecs NAME,..] [--mib N] [--seconds S] [--block BYTES]\n       ucx [SECONDS]");
    return 2;
}

static int RunCodec(string corpus, string[] options)
{
    string? Option(string name) => Array.IndexOf(options, name) is >= 0 and int i && i + 1 < options.Length ? options[i + 1] : null;
    string[] only = Option("--only")?.Split(',') ?? [];
    string[] wanted = Option("--codecs")?.Split(',') ?? [];
    int mib = int.Parse(Option("--mib") ?? "256", CultureInfo.InvariantCulture);
    double seconds = double.Parse(Option("--seconds") ?? "1", CultureInfo.InvariantCulture);
    int block = int.Parse(Option("--block") ?? "0", CultureInfo.InvariantCulture);
    DwcpLevel[] levels = [DwcpLevel.Fast, DwcpLevel.Balanced, DwcpLevel.Dense, DwcpLevel.Max];
    List<ICodec> codecs = [.. levels.Select(l => new DwcpBlocks(l, block > 0 ? block : LevelParameters.Of(l).BlockLength)), .. Peers.All()];
    if (wanted.Length > 0)
    {
        codecs = [.. codecs.Where(c => wanted.Contains(c.Name.Replace(" ", "", StringComparison.Ordinal), StringComparer.OrdinalIgnoreCase))];
    }

    var members = new DirectoryInfo(corpus).GetFiles().Where(f => only.Length == 0 || only.Contains(f.Name)).OrderBy(f => f.Name, StringComparer.Ordinal);
    var benchmark = new CodecBenchmark();
    benchmark.Run(codecs, members, mib << 20, seconds);
    return 0;
}
