using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>
/// <c>links</c>: <c>dwcp send</c> to a node over emulated links, each with TCP CUBIC and TCP BBR (iperf3) on the same link in the same run. Times are from starting
/// the program to its verified commit.
/// </summary>
internal sealed class LinkBenchmark : IDisposable
{
    // What a datagram of 1472 bytes carries of the user's: 28 bytes of IP and UDP, 18 of header, 16 of tag, and one frame's 10 (docs/format.md, "Datagrams").
    private const double PayloadShare = 1428.0 / 1500;
    private const int PeerPort = 5201;
    private const long WarmingBytes = 256 * 1024;

    private readonly string _directory;
    private readonly string _dwcp;
    private readonly int _runs;
    private readonly int _seconds;
    private readonly bool _peers;
    private readonly bool _verbose;
    private Process? _node;
    private string _pin = "";

    private LinkBenchmark(string directory, string dwcp, int seconds, int runs, bool peers, bool verbose) =>
        (_directory, _dwcp, _seconds, _runs, _peers, _verbose) = (directory, dwcp, seconds, runs, peers, verbose);

    private string Key => Path.Combine(_directory, "key");

    private string Store => Path.Combine(_directory, "store");

    public static int Run(string[] arguments)
    {
        string? Option(string name) => Array.IndexOf(arguments, name) is >= 0 and int i && i + 1 < arguments.Length ? arguments[i + 1] : null;
        int Number(string name, int otherwise) => Option(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;
        var names = arguments is [var first, ..] && !first.StartsWith('-') ? first.Split(',') : [];
        var known = LinkRow.Files.Select(r => r.Name).Concat(LinkScenarios.Names).ToList();
        if (names.Length == 0 || names.Except(known).Any())
        {
            Console.Error.WriteLine($"usage: links ROW,.. [--seconds N] [--runs N] [--peers 0] [--dwcp dwcp.dll] [--directory DIR] [--verbose 1]\nrows: {string.Join(' ', known)}");
            return 2;
        }

        var parent = Option("--directory") ?? Path.GetTempPath();
        var directory = Directory.CreateDirectory(Path.Combine(parent, $"dwcp-links-{Environment.ProcessId}"));
        try
        {
            using var benchmark = new LinkBenchmark(
                directory.FullName, Option("--dwcp") ?? DefaultTool(), Number("--seconds", 20), Number("--runs", 1), Number("--peers", 1) != 0, Number("--verbose", 0) != 0);
            Console.WriteLine($"{Environment.ProcessorCount} cores, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}; {DateTime.UtcNow:u}");
            foreach (var name in names.Where(n => LinkRow.Files.Any(r => r.Name == n))) benchmark.MeasureFile(LinkRow.Files.Single(r => r.Name == name));
            foreach (var name in names.Where(LinkScenarios.Names.Contains)) LinkScenarios.Run(name, benchmark);
            return 0;
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    public void Dispose() => StopNode();

    // The tool that was built beside us.
    private static string DefaultTool()
    {
        var own = Path.GetDirectoryName(typeof(LinkBenchmark).Assembly.Location)!;
        return Path.GetFullPath(Path.Combine(own, "../../../../../src/NovaCron.Dwcp.Tool/bin", Path.GetFileName(Path.GetDirectoryName(own))!, Path.GetFileName(own), "dwcp.dll"));
    }

    /// <summary>Options of the command line that scenarios need.</summary>
    public (string Directory, int Seconds, bool Peers) Settings => (_directory, _seconds, _peers);

    private void MeasureFile(LinkRow row)
    {
        var seconds = Math.Max(_seconds, row.LeastSeconds);
        var settings = row.Settings;
        var file = Noise((long)(settings.Rate / 8 * seconds * PayloadShare * (row.DisturbedUntil is { } until && settings.RateAt is not null ? Math.Max(0.2, 1 - ((until - row.DisturbedFrom!.Value) / seconds)) : 1)));
        using var link = new EmulatedLink(settings);
        using var load = new BusyThreads(row.BusyThreads);
        var ceiling = settings.Rate / 8 * PayloadShare * (1 - settings.Loss);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"## {row.Name}: {settings.Rate / 1e6:0} Mbit/s, {settings.RoundTrip.TotalMilliseconds:0} ms, {settings.Loss:P1} lost in runs of {settings.BurstLength:0.#}, buffer {settings.Buffer} x BDP, {seconds} s; goal {row.Goal}"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ceiling {ceiling * 8 / 1e6:0.0} Mbit/s"));
        var shares = new List<double>();
        for (var run = 0; run < _runs; run++)
        {
            StartNode(link); // an empty one: it would have the file already
            // A node has served before it is asked for much; its compiler's time is not the path's.
            link.Restart(settings);
            Send(link, Noise(WarmingBytes), "warm", 60);
            link.Restart(settings with { Seed = (ulong)run + 1 });
            var sent = Send(link, file, $"file{run}", seconds + 90);
            Report(row, link, sent, ceiling);
            shares.Add(sent.UserBytes / sent.Wall / ceiling);
        }

        shares.Sort();
        if (_runs > 1) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"median of {_runs}: {shares[_runs / 2]:P1} of the ceiling"));
        StopNode();
        if (!_peers) return;
        foreach (var controller in (string[])["bbr", "cubic"])
        {
            link.Restart(settings);
            Console.WriteLine(Peer(link, controller, Math.Min(seconds, 20), row.PeerStreams).Describe(ceiling));
        }
    }

    private void Report(LinkRow row, EmulatedLink link, Sent sent, double ceiling)
    {
        var rate = sent.UserBytes / sent.Wall;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"dwcp over {sent.Transport}: {rate * 8 / 1e6:0.00} Mbit/s, {rate / ceiling:P1} of the ceiling; {sent.Wall:0.00} s in all, {sent.Seconds:0.00} s of it the transfer; {sent.Repeated?.ToString("0.00", CultureInfo.InvariantCulture) ?? "?"} % sent again, "
            + $"link lost {link.Outward.Lost} and overflowed {link.Outward.Overflowed} of {link.Outward.Passed + link.Outward.Lost + link.Outward.Overflowed}; queue P50 {link.Outward.Queueing(0.5).TotalMilliseconds:0} P95 {link.Outward.Queueing(0.95).TotalMilliseconds:0} ms; "
            + $"CPU {sent.ClientCpu / (sent.UserBytes / 1e9):0.00} + {sent.NodeCpu / (sent.UserBytes / 1e9):0.00} s/GB; attempts {sent.Attempts}"));
        if (row.DisturbedFrom is { } from)
        {
            var full = row.Settings.Rate / 8;
            string Share(double a, double b) => string.Create(CultureInfo.InvariantCulture, $"{link.Outward.BytesBetween(a, b) / (b - a) / full:P0} of the rate from {a:0} to {b:0} s");
            Console.WriteLine($"  {Share(from - 5, from)}; {Share(from, from + 5)}; {string.Join("; ", Enumerable.Range(0, 3).Select(i => Share(row.DisturbedUntil!.Value + (5 * i), row.DisturbedUntil.Value + (5 * (i + 1)))))}");
        }

        if (!_verbose) return;
        foreach (var reason in sent.Reasons) Console.WriteLine($"  {reason}");
        Console.WriteLine("  overflows by second: " + string.Join(' ', Enumerable.Range(0, (int)sent.Wall + 1).Select(s => link.Outward.OverflowsBetween(s, s + 1).ToString(CultureInfo.InvariantCulture))));
        Console.WriteLine("  Mbit/s by tenth of a second of the start: " + string.Join(' ', Enumerable.Range(0, 30).Select(t => (link.Outward.BytesBetween((t + 0.1) / 10, (t + 1.1) / 10) * 80 / 1e6).ToString("0", CultureInfo.InvariantCulture))));
        Console.WriteLine("  Mbit/s by second: " + string.Join(' ', Enumerable.Range(0, (int)sent.Wall + 1).Select(s => (link.Outward.BytesBetween(s, s + 1) * 8 / 1e6).ToString("0", CultureInfo.InvariantCulture))));
    }

    /// <summary>Starts a node on the far side.</summary>
    public void StartNode(EmulatedLink link)
    {
        StopNode();
        if (Directory.Exists(Store)) Directory.Delete(Store, recursive: true);
        _node = Process.Start(link.On(false, "dotnet", typeof(LinkBenchmark).Assembly.Location, LinkNode.Verb, Store, Key))!;
        _pin = _node.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The node did not start: {_node.StandardError.ReadToEnd()}");
    }

    /// <summary>Ends it.</summary>
    public void StopNode()
    {
        if (_node is null) return;
        if (!_node.HasExited) _node.Kill();
        _node.WaitForExit();
        _node.Dispose();
        _node = null;
    }

    /// <summary>Runs <c>dwcp send</c> on the near side.</summary>
    public Sent Send(EmulatedLink link, string path, string name, int limitSeconds, params string[] options)
    {
        var cpu = NodeCpu();
        var own = ReapedCpu();
        var start = Stopwatch.GetTimestamp();
        using var client = StartSend(link, path, name, options);
        return FinishSend(client, start, cpu, own, limitSeconds);
    }

    /// <summary>Starts <c>dwcp send</c> and does not wait for it.</summary>
    public Process StartSend(EmulatedLink link, string path, string name, params string[] options) =>
        Process.Start(link.On(true, "dotnet",
            [_dwcp, "send", path, $"dwcp://{EmulatedLink.FarAddress}:{LinkNode.Port}/{name}", "--api-key-file", Key, "--pin", _pin, "--json", "--quiet", "--verbose", .. options]))!;

    private Sent FinishSend(Process client, long start, double nodeCpu, double ownCpu, int limitSeconds)
    {
        var output = client.StandardOutput.ReadToEndAsync();
        var errors = client.StandardError.ReadToEndAsync();
        if (!client.WaitForExit(TimeSpan.FromSeconds(limitSeconds)))
        {
            client.Kill();
            client.WaitForExit();
        }

        var wall = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (client.ExitCode != 0) throw new InvalidOperationException($"dwcp send ended with {client.ExitCode} after {wall:0.0} s: {errors.Result}");
        using var json = JsonDocument.Parse(output.Result);
        var root = json.RootElement;
        if (_verbose && errors.Result.Length > 0) Console.WriteLine(errors.Result);
        return new Sent(
            root.GetProperty("userBytes").GetInt64(), root.GetProperty("wireBytes").GetInt64(), wall, root.GetProperty("seconds").GetDouble(),
            root.GetProperty("retransmittedPercent") is { ValueKind: JsonValueKind.Number } repeated ? repeated.GetDouble() : null,
            root.GetProperty("transport").GetString()!, root.GetProperty("attempts").GetInt32(), [.. root.GetProperty("reasons").EnumerateArray().Select(r => r.GetString()!)],
            ReapedCpu() - ownCpu, NodeCpu() - nodeCpu);
    }

    private double NodeCpu()
    {
        _node!.Refresh();
        return _node.TotalProcessorTime.TotalSeconds;
    }

    // Of the programs that we started and that ended: cutime and cstime of /proc/self/stat, in ticks of 10 ms.
    private static double ReapedCpu()
    {
        var text = File.ReadAllText("/proc/self/stat");
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[13], CultureInfo.InvariantCulture) + long.Parse(fields[14], CultureInfo.InvariantCulture)) / 100.0;
    }

    /// <summary>iperf3 from the near to the far side.</summary>
    public static PeerResult Peer(EmulatedLink link, string controller, int seconds, int streams = 1)
    {
        using var server = Process.Start(link.On(false, "iperf3", "-s", "-1", "-p", $"{PeerPort}"))!;
        Thread.Sleep(300); // it says nothing that could be waited for
        using var client = Process.Start(link.On(true, "iperf3", "-c", EmulatedLink.FarAddress, "-p", $"{PeerPort}", "-C", controller, "-t", $"{seconds}", "-P", $"{streams}", "-J"))!;
        var output = client.StandardOutput.ReadToEnd();
        client.WaitForExit();
        if (!server.WaitForExit(5000)) server.Kill();
        using var json = JsonDocument.Parse(output);
        if (json.RootElement.TryGetProperty("error", out var error)) throw new InvalidOperationException($"iperf3: {error.GetString()}");
        var end = json.RootElement.GetProperty("end");
        var received = end.GetProperty("sum_received");
        var cpu = end.GetProperty("cpu_utilization_percent");
        return new PeerResult(controller, streams, received.GetProperty("bits_per_second").GetDouble(), seconds,
            end.GetProperty("sum_sent").TryGetProperty("retransmits", out var again) ? again.GetInt64() * 1448.0 / Math.Max(1, received.GetProperty("bytes").GetDouble()) : 0,
            (cpu.GetProperty("host_total").GetDouble() + cpu.GetProperty("remote_total").GetDouble()) / 100 * seconds / (received.GetProperty("bytes").GetDouble() / 1e9));
    }

    /// <summary>A file that nothing compresses, new for every size and run of the benchmark.</summary>
    public string Noise(long bytes)
    {
        var path = Path.Combine(_directory, string.Create(CultureInfo.InvariantCulture, $"noise-{bytes}"));
        if (File.Exists(path)) return path;
        var block = new byte[1 << 20];
        using var file = File.Create(path, 1 << 20);
        for (var left = bytes; left > 0; left -= block.Length)
        {
            RandomNumberGenerator.Fill(block);
            file.Write(block.AsSpan(0, (int)Math.Min(left, block.Length)));
        }

        return path;
    }

    /// <summary>What one <c>dwcp send</c> did.</summary>
    internal sealed record Sent(
        long UserBytes, long WireBytes, double Wall, double Seconds, double? Repeated, string Transport, int Attempts, IReadOnlyList<string> Reasons, double ClientCpu, double NodeCpu);

    /// <summary>What iperf3 did.</summary>
    internal sealed record PeerResult(string Controller, int Streams, double BitsPerSecond, int Seconds, double Repeated, double CpuSecondsPerGigabyte)
    {
        public string Describe(double ceiling) => string.Create(CultureInfo.InvariantCulture,
            $"TCP {Controller}, {Streams} stream(s), {Seconds} s: {BitsPerSecond / 1e6:0.00} Mbit/s, {BitsPerSecond / 8 / ceiling:P1} of that ceiling; {Repeated:P2} sent again; CPU {CpuSecondsPerGigabyte:0.00} s/GB");
    }
}
