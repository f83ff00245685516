using System.Diagnostics;
using System.Globalization;
using System.Net;
using NovaCron.Dwcp.Transport.Rdma;

namespace NovaCron.Dwcp.Benchmarks.Datacenter;

/// <summary>
/// Memory to memory through our UCX layer between two processes: puts of 1 MiB over the bounce buffers, and 8-byte messages back and forth. Both sides poll, as ucx_perftest does; run
/// it beside in the same minute (docs/performance.md has the commands).
/// </summary>
internal static class UcxBenchmark
{
    private const string ServerVerb = "ucx-server";
    private const int MessageBytes = 1 << 20;
    private const uint Ping = 2;

    public static int Run(string[] options)
    {
        if (options is [ServerVerb, var served]) return Serve(served);
        var seconds = options.Length > 0 ? double.Parse(options[0], CultureInfo.InvariantCulture) : 3;
        Console.WriteLine($"{UcxLibrary.Finding}");
        Console.WriteLine("| transport | put of 1 MiB, one buffer, GB/s | 8 buffers | 8 bytes one way, us, P50 | P99 | managed bytes allocated in 1000000 puts and polls |");
        Console.WriteLine("|---|---|---|---|---|---|");
        foreach (var transports in (string[])["posix,sysv,self", "tcp,self"]) Measure(transports, seconds);
        return 0;
    }

    private static void Measure(string transports, double seconds)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardInput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(UcxBenchmark).Assembly.Location);
        foreach (var argument in (string[])["ucx", ServerVerb, transports]) start.ArgumentList.Add(argument);
        using var server = Process.Start(start)!;
        using var link = UcxLink.Open(receives: false, transports);
        var same = transports.StartsWith("posix", StringComparison.Ordinal);
        var terms = UcxTerms.Read(Convert.FromHexString(server.StandardOutput.ReadLine()!));
        var port = int.Parse(server.StandardOutput.ReadLine()!, CultureInfo.InvariantCulture);
        server.StandardInput.WriteLine(Convert.ToHexString(link.Worker.Address()));
        if (same) link.Connect(terms.Worker);
        else link.Connect(new IPEndPoint(IPAddress.Loopback, port));
        link.UsePeerRegion(terms.Region, TimeSpan.FromSeconds(30), default);
        var lanes = string.Join(", ", link.Endpoint.Transports());
        var one = Puts(link, seconds, 1);
        var rate = Puts(link, seconds, (int)(link.Region.Length / MessageBytes));
        var before = GC.GetAllocatedBytesForCurrentThread();
        SmallPuts(link, 1_000_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var times = Pings(link, same ? 200_000 : 20_000);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {lanes} | {one / 1e9:0.00} | {rate / 1e9:0.00} | {times[times.Length / 2]:0.00} | {times[(int)(times.Length * 0.99)]:0.00} | {allocated} |"));
        server.StandardInput.Close();
        server.WaitForExit();
    }

    private static double Puts(UcxLink link, double seconds, int slots)
    {
        var requests = new nint[slots];
        var best = 0.0;
        for (var round = 0; round < 3; round++)
        {
            var start = Stopwatch.GetTimestamp();
            long bytes = 0;
            for (var i = 0; Stopwatch.GetElapsedTime(start).TotalSeconds < seconds / 3; i = (i + 1) % slots)
            {
                while (!link.Worker.IsDone(requests[i], "put")) link.Worker.Progress();
                requests[i] = link.Endpoint.Put(link.Region, (long)i * MessageBytes, MessageBytes, link.PeerAddress + (ulong)((long)i * MessageBytes), link.PeerKey);
                bytes += MessageBytes;
            }

            for (var i = 0; i < slots; i++)
            {
                while (!link.Worker.IsDone(requests[i], "put")) link.Worker.Progress();
                requests[i] = 0;
            }

            var flush = link.Endpoint.Flush();
            while (!link.Worker.IsDone(flush, "flush")) link.Worker.Progress();
            best = Math.Max(best, bytes / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    private static void SmallPuts(UcxLink link, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var request = link.Endpoint.Put(link.Region, 0, 8, link.PeerAddress, link.PeerKey);
            while (!link.Worker.IsDone(request, "put")) link.Worker.Progress();
        }
    }

    private static double[] Pings(UcxLink link, int count)
    {
        var answered = false;
        link.Worker.OnMessage(Ping, _ => answered = true);
        var times = new double[count];
        for (var i = -1000; i < count; i++)
        {
            answered = false;
            var start = Stopwatch.GetTimestamp();
            var request = link.Endpoint.Send(Ping, link.Region, 0, 8);
            while (!link.Worker.IsDone(request, "send")) link.Worker.Progress();
            while (!Volatile.Read(ref answered)) link.Worker.Progress();
            if (i >= 0) times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds / 2;
        }

        Array.Sort(times);
        return times;
    }

    private static int Serve(string transports)
    {
        using var link = UcxLink.Open(receives: true, transports);
        var same = transports.StartsWith("posix", StringComparison.Ordinal);
        Console.WriteLine(Convert.ToHexString(new UcxTerms(same, false, transports, link.Worker.Address(), link.DescribeRegion()).Write()));
        Console.WriteLine(same ? 0 : link.Listen(IPAddress.Loopback, 0, IPAddress.Loopback));
        var client = Convert.FromHexString(Console.ReadLine()!);
        if (same) link.Connect(client);
        else link.Accept(TimeSpan.FromSeconds(30), default);
        var ended = Task.Run(Console.In.ReadToEnd);
        var pings = 0;
        link.Worker.OnMessage(Ping, _ => pings++);
        var answered = 0;
        while (!ended.IsCompleted)
        {
            link.Worker.Progress();
            for (; answered < pings; answered++)
            {
                var request = link.Endpoint.Send(Ping, link.Region, 0, 8);
                while (!link.Worker.IsDone(request, "answer")) link.Worker.Progress();
            }
        }

        return 0;
    }
}
