using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary><c>loopback</c>: memory to memory over encrypted datagrams of 1472 bytes on this machine, with and without batch calls, beside iperf3 and openssl in the same run.</summary>
internal static class LoopbackBenchmark
{
    private const int DatagramBytes = 1472;
    private const int PeerPort = 5202;

    public static int Run(string[] arguments)
    {
        var seconds = arguments.Length > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 5;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} cores, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}; {DateTime.UtcNow:u}"));
        foreach (var batch in (bool[])[true, false]) MeasureAsync(seconds, batch).GetAwaiter().GetResult();
        Peer(seconds, []);
        Peer(seconds, ["-u", "-b", "0", "-l", $"{DatagramBytes}"]);
        Say("openssl speed, aes-256-gcm", Output("openssl", "speed", "-seconds", "1", "-bytes", "1408", "-evp", "aes-256-gcm").Split('\n').LastOrDefault(l => l.StartsWith("AES-256-GCM", StringComparison.OrdinalIgnoreCase)) ?? "not there");
        return 0;
    }

    private static async Task MeasureAsync(int seconds, bool batch)
    {
        using var here = new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0), batch);
        using var there = new DatagramEndpoint(new IPEndPoint(IPAddress.Loopback, 0), batch);
        var secret = RandomNumberGenerator.GetBytes(32);
        var options = new DatagramConnectionOptions { MaximumDatagram = DatagramBytes, InitialRtt = TimeSpan.FromMilliseconds(1) };
        var sender = new DatagramConnection(true, 1, 2, secret, there.LocalEndPoint, true, new AcpController(DatagramBytes), options, DatagramEndpoint.Clock(), here.Wake);
        var receiver = new DatagramConnection(false, 2, 1, secret, here.LocalEndPoint, true, new AcpController(DatagramBytes), options, DatagramEndpoint.Clock(), there.Wake);
        here.Add(sender);
        there.Add(receiver);
        var stream = await sender.OpenStreamAsync(StreamPriority.Bulk).ConfigureAwait(false);
        var block = RandomNumberGenerator.GetBytes(1 << 20);
        var stop = Stopwatch.GetTimestamp() + ((long)seconds * Stopwatch.Frequency);
        using var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        var start = Stopwatch.GetTimestamp();
        var writing = Task.Run(async () =>
        {
            while (Stopwatch.GetTimestamp() < stop) await stream.WriteAsync(block).ConfigureAwait(false);
            stream.CompleteWrites();
        });
        var reading = await receiver.AcceptStreamAsync().ConfigureAwait(false);
        var buffer = new byte[1 << 20];
        var bytes = 0L;
        while (await reading.ReadAsync(buffer).ConfigureAwait(false) is var count and > 0)
        {
            // What arrives is what was sent: the tag says so for every datagram, this for the order.
            if (buffer[0] != block[(int)(bytes & ((1 << 20) - 1))]) throw new InvalidOperationException("Bytes came in another order.");
            bytes += count;
        }

        var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        await writing.ConfigureAwait(false);
        process.Refresh();
        var used = (process.TotalProcessorTime - cpu).TotalSeconds;
        Say($"dwcp, {(batch ? "batch calls" : "one call a datagram")}{(here.Batches == batch ? "" : " (this kernel has none)")}", string.Create(CultureInfo.InvariantCulture,
            $"{bytes / took / 1e9:0.00} GB/s, {used / (bytes / 1e9):0.00} CPU s/GB both sides, {100.0 * sender.State.Lost / Math.Max(1, sender.State.SentBytes):0.00} % sent again, datagrams of {sender.State.Datagram}"));
        sender.Dispose();
        receiver.Dispose();
    }

    private static void Peer(int seconds, string[] options)
    {
        using var server = Process.Start(new ProcessStartInfo("iperf3", $"-s -1 -p {PeerPort}") { RedirectStandardOutput = true })!;
        Thread.Sleep(300);
        var output = Output("iperf3", ["-c", "127.0.0.1", "-p", $"{PeerPort}", "-t", $"{seconds}", "-J", .. options]);
        if (!server.WaitForExit(5000)) server.Kill();
        using var json = System.Text.Json.JsonDocument.Parse(output);
        var end = json.RootElement.GetProperty("end");
        var sum = end.TryGetProperty("sum_received", out var received) ? received : end.GetProperty("sum");
        var cpu = end.GetProperty("cpu_utilization_percent");
        var rate = sum.GetProperty("bits_per_second").GetDouble() / 8e9;
        Say($"iperf3 {(options.Length == 0 ? "TCP" : "UDP of 1472")}, in clear", string.Create(CultureInfo.InvariantCulture,
            $"{rate:0.00} GB/s, {(cpu.GetProperty("host_total").GetDouble() + cpu.GetProperty("remote_total").GetDouble()) / 100 / rate:0.00} CPU s/GB both sides"));
    }

    private static string Output(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        errors.GetAwaiter().GetResult();
        return output;
    }

    private static void Say(string what, string result) => Console.WriteLine($"{what}: {result}");
}
