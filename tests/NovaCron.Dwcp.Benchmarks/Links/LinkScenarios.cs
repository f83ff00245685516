using System.Diagnostics;
using System.Globalization;

namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>Rows that are more than one file on one link.</summary>
internal static class LinkScenarios
{
    private const double Megabit = 1e6 / 8;

    public static IReadOnlyList<string> Names { get; } = ["pair-dwcp", "pair-bbr", "pair-cubic", "files", "compressible"];

    public static void Run(string name, LinkBenchmark benchmark)
    {
        switch (name)
        {
            case "files": SmallFiles(benchmark); break;
            case "compressible": Compressible(benchmark); break;
            default:
                foreach (var buffer in (double[])[0.1, 1, 4]) Pair(benchmark, name[5..], buffer);
                break;
        }
    }

    // Shares of 100 Mbit/s at 100 ms between us and another, from 10 s after the second began, for as long as both run.
    private static void Pair(LinkBenchmark benchmark, string other, double buffer)
    {
        var seconds = Math.Max(30, benchmark.Settings.Seconds);
        var settings = new LinkSettings { Rate = 100e6, RoundTrip = TimeSpan.FromMilliseconds(100), Buffer = buffer };
        using var link = new EmulatedLink(settings);
        benchmark.StartNode(link);
        var file = benchmark.Noise((long)(settings.Rate / 8 * (seconds + 20)));
        link.Restart(settings);
        using var mine = benchmark.StartSend(link, file, "mine");
        Thread.Sleep(5000);
        var from = 15.0;
        if (other == "dwcp")
        {
            using var second = benchmark.StartSend(link, file, "theirs", "--no-resume", "--client-id", "second");
            Thread.Sleep(TimeSpan.FromSeconds(10));
            link.Outward.BeginShares();
            Thread.Sleep(TimeSpan.FromSeconds(seconds - from));
            var shares = link.Outward.Shares();
            second.Kill();
            second.WaitForExit();
            Report(other, buffer, shares.Count > 1 ? shares[0] : 0, shares.Count > 1 ? shares[1] : 0, settings);
        }
        else
        {
            var peer = Task.Run(() => LinkBenchmark.Peer(link, other, seconds - 5));
            Thread.Sleep(TimeSpan.FromSeconds(10));
            link.Outward.BeginShares();
            Thread.Sleep(TimeSpan.FromSeconds(seconds - from));
            var shares = link.Outward.Shares(byProtocol: true);
            peer.Wait();
            Report(other, buffer, shares[0], shares[1], settings);
        }

        mine.Kill();
        mine.WaitForExit();
        benchmark.StopNode();
    }

    private static void Report(string other, double buffer, double mine, double theirs, LinkSettings settings)
    {
        var jain = (mine + theirs) * (mine + theirs) / (2 * ((mine * mine) + (theirs * theirs)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"buffer {buffer} x BDP: dwcp {mine * 8 / settings.Rate:P0} of the link, {other} {theirs * 8 / settings.Rate:P0}; Jain {jain:0.000}"));
    }

    private static void SmallFiles(LinkBenchmark benchmark)
    {
        const int count = 10_000;
        const int size = 4096;
        var settings = new LinkSettings { Rate = 100e6, RoundTrip = TimeSpan.FromMilliseconds(100) };
        var directory = Directory.CreateDirectory(Path.Combine(benchmark.Settings.Directory, "small"));
        var bytes = new byte[size];
        for (var i = 0; i < count; i++)
        {
            Random.Shared.NextBytes(bytes);
            File.WriteAllBytes(Path.Combine(directory.FullName, i.ToString("00000", CultureInfo.InvariantCulture)), bytes);
        }

        using var link = new EmulatedLink(settings);
        benchmark.StartNode(link);
        link.Restart(settings);
        var many = benchmark.Send(link, directory.FullName, "many", 300);
        var one = benchmark.Send(link, benchmark.Noise(count * (long)size), "one", 300);
        // One request after another pays a round trip for each, even over a connection that is kept.
        var http = HttpOneByOne(link, directory.FullName, 100) / 100 * count;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"10,000 files of 4 KiB: {many.Wall:0.00} s; one file of the same size {one.Wall:0.00} s ({many.Wall / one.Wall:0.00} x); one HTTP request after another {http:0} s from 100 of them ({http / many.Wall:0} x)"));
        directory.Delete(recursive: true);
    }

    // Python's server is what every machine has; a PUT costs what a GET costs: a request and an answer, over one connection that is kept.
    private static double HttpOneByOne(EmulatedLink link, string directory, int count)
    {
        using var server = Process.Start(link.On(true, "python3", "-m", "http.server", "8099", "--protocol", "HTTP/1.1", "--bind", EmulatedLink.NearAddress, "--directory", directory))!;
        try
        {
            Thread.Sleep(1000);
            var start = Stopwatch.GetTimestamp();
            using var client = Process.Start(link.On(false, "python3", "-c",
                "import http.client,sys\nc=http.client.HTTPConnection(sys.argv[1],8099)\nfor i in range(int(sys.argv[2])):\n c.request('GET','/%05d'%i);r=c.getresponse()\n assert r.status==200 and len(r.read())>0",
                EmulatedLink.NearAddress, count.ToString(CultureInfo.InvariantCulture)))!;
            client.WaitForExit();
            if (client.ExitCode != 0) throw new InvalidOperationException($"The HTTP client failed: {client.StandardError.ReadToEnd()}");
            return Stopwatch.GetElapsedTime(start).TotalSeconds;
        }
        finally
        {
            server.Kill();
            server.WaitForExit();
        }
    }

    private static void Compressible(LinkBenchmark benchmark)
    {
        var settings = new LinkSettings { Rate = 100e6, RoundTrip = TimeSpan.FromMilliseconds(100), Loss = 0.01 };
        var file = Path.Combine(benchmark.Settings.Directory, "corpus");
        WriteLog(file, (long)(50 * Megabit * 8 * benchmark.Settings.Seconds));
        using var link = new EmulatedLink(settings);
        benchmark.StartNode(link);
        foreach (var level in (string[])["Adaptive", "Balanced", "Fast"])
        {
            link.Restart(settings);
            var sent = benchmark.Send(link, file, $"corpus-{level}", 600, "--level", level, "--no-resume");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"compressible, {level}: {sent.UserBytes / sent.Wall / Megabit:0.0} Mbit/s of user data, {sent.UserBytes / sent.Wall * 8 / settings.Rate:0.00} x the link; {100 * (1 - ((double)sent.WireBytes / sent.UserBytes)):0.0} % saved; CPU {sent.ClientCpu / (sent.UserBytes / 1e9):0.0} + {sent.NodeCpu / (sent.UserBytes / 1e9):0.0} s/GB"));
        }
    }

    // The log of a web service: what operators move, and no two lines alike.
    private static void WriteLog(string path, long bytes)
    {
        var random = new Random(7);
        using var file = new StreamWriter(path, false, new System.Text.UTF8Encoding(false), 1 << 20);
        string[] paths = ["/api/v1/users", "/api/v1/orders", "/health", "/static/app.js", "/api/v1/search?q=", "/login", "/metrics"];
        string[] agents = ["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.5.0", "Go-http-client/2.0", "kube-probe/1.36"];
        var at = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        for (var i = 0L; file.BaseStream.Position < bytes; i++)
        {
            at = at.AddMilliseconds(random.Next(40));
            file.Write(string.Create(CultureInfo.InvariantCulture,
                $"10.{random.Next(4)}.{random.Next(256)}.{random.Next(256)} - - [{at:dd/MMM/yyyy:HH:mm:ss.fff}] \"GET {paths[random.Next(paths.Length)]}{random.Next(100_000)} HTTP/1.1\" {(random.Next(50) == 0 ? 500 : 200)} {random.Next(20_000)} \"{agents[random.Next(agents.Length)]}\" rt={random.NextDouble():0.000}\n"));
        }
    }
}
