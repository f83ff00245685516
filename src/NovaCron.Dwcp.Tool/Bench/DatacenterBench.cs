using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Tool.Commands;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Rdma;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Tool.Bench;

/// <summary>
/// <c>dwcp bench datacenter</c>: file to file, verified, beside the machine's own limits; between two processes of this machine, or with a node somewhere else.
/// </summary>
internal static class DatacenterBench
{
    private const int CopyBytes = 64 * 1024 * 1024;
    private const string Sockets = "sockets";
    private const string SharedMemory = "shm";
    private const string Tcp = "tcp";
    private const string Session = "session";

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp bench datacenter", arguments, ["mib", "directory", "runs", "listen", "paths", .. TransferCommand.RequestOptions], []);
        if (options.Operands.Count > 0) options.ExpectOperands("dwcp://HOST[:PORT]/OBJECT");
        var remote = options.Operands.Count > 0 ? TransferCommand.Request(options, options.Operands[0]) : null;
        var listen = options.Value("listen") is { } text ? ParseEndPoint(options, text) : null;
        if (listen is not null && remote is not null) throw options.Complaint("--listen serves; it measures no other node. Leave the address away.");
        var paths = Paths(options);
        var mib = Number(options, "mib", 1024);
        var runs = Number(options, "runs", 3);
        var parent = options.Value("directory") ?? (Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath());
        var folder = Directory.CreateDirectory(Path.Combine(parent, $"dwcp-bench-{Environment.ProcessId}"));
        try
        {
            if (listen is not null) return await BenchNode.ListenAsync(listen, folder.FullName, cancellationToken).ConfigureAwait(false);
            return await (remote is null ? MeasureAsync(folder.FullName, paths, mib, runs, cancellationToken) : MeasureRemoteAsync(remote, folder.FullName, mib, runs, cancellationToken)).ConfigureAwait(false);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<int> MeasureAsync(string folder, IReadOnlySet<string> paths, int mib, int runs, CancellationToken cancellationToken)
    {
        var source = Path.Combine(folder, "source");
        WriteNoise(source, mib, cancellationToken);
        var copy = CopyLimit();
        Say($"{mib} MiB of noise, file to file in {folder}, two processes, {Environment.ProcessorCount} cores; best of {runs} runs");
        Head(copy, "both sides");
        if (UcxLibrary.Instance is null) Say($"(not measured: UCX. {UcxLibrary.Finding})");
        BulkCarrier[] chosen =
            [.. paths.Contains(Sockets) ? [BulkCarrier.Sockets] : (BulkCarrier[])[], .. paths.Contains(SharedMemory) && UcxLibrary.Instance is not null ? [BulkCarrier.Ucx] : (BulkCarrier[])[]];
        if (chosen.Length > 0 || paths.Contains(Session))
            await MeasureNodeAsync(folder, source, BenchNode.Chosen, chosen, paths.Contains(Session), copy, runs, cancellationToken).ConfigureAwait(false);
        if (paths.Contains(Tcp) && UcxLibrary.Instance is not null)
            await MeasureNodeAsync(folder, source, "tcp,self", [BulkCarrier.Ucx], false, copy, runs, cancellationToken).ConfigureAwait(false);
        return ExitCode.Success;
    }

    private static void Head(double copy, string sides)
    {
        Say($"limit of this machine: memory copy, one thread, {copy:0.00} GB/s");
        Say("");
        Say($"| path | verified by | GB/s until verified | share of memory copy | CPU s/GB until verified, {sides} | digest follows in s | GB/s with everything |");
        Say("|---|---|---|---|---|---|---|");
    }

    private static async Task<int> MeasureRemoteAsync(TransferRequest remote, string folder, int mib, int runs, CancellationToken cancellationToken)
    {
        var source = Path.Combine(folder, "source");
        WriteNoise(source, mib, cancellationToken);
        var copy = CopyLimit();
        Say($"{mib} MiB of noise, file in {folder} to {remote.Remote} and back; best of {runs} runs. UCX: {UcxLibrary.Finding}");
        Head(copy, "this side");
        var client = new TransferClient([new V3ClientProtocol()]);
        await using var clientScope = client.ConfigureAwait(false);
        var measured = 0;
        foreach (var carrier in (BulkCarrier[])[BulkCarrier.Sockets, BulkCarrier.Ucx])
        {
            foreach (var authenticate in (bool[])[false, true])
            {
                var request = remote with { Resume = false, Versions = [3], Datacenter = new DatacenterRequest { Required = true, Authenticate = authenticate, Carriers = carrier, MinimumBytes = 0 } };
                try
                {
                    await MeasureAsync(request, client, source, OwnCpu, static () => { }, copy, runs, cancellationToken).ConfigureAwait(false);
                    measured++;
                }
                catch (DwcpTransferException e) when (e.Code == DwcpErrorCode.BulkUnavailable)
                {
                    Say($"(not measured: {carrier}{(authenticate ? " with AES-GMAC" : "")}. {e.Message})");
                }
                catch (DwcpTransferException e)
                {
                    throw new ToolException(ExitCode.Failure, $"{e.Message} ({e.Code})");
                }
            }
        }

        return measured > 0 ? ExitCode.Success : throw new ToolException(ExitCode.Failure, "The node offers no bulk path to this client; the lines above say why.");
    }

    private static double OwnCpu()
    {
        using var own = Process.GetCurrentProcess();
        return own.TotalProcessorTime.TotalSeconds;
    }

    private static async Task MeasureNodeAsync(
        string folder, string source, string transports, IReadOnlyList<BulkCarrier> carriers, bool session, double copy, int runs, CancellationToken cancellationToken)
    {
        using var node = await StartNodeAsync(folder, transports, cancellationToken).ConfigureAwait(false);
        try
        {
            var client = new TransferClient([new V3ClientProtocol()]);
            await using var clientScope = client.ConfigureAwait(false);
            foreach (var carrier in carriers)
            {
                foreach (var authenticate in (bool[])[false, true])
                {
                    var wish = new DatacenterRequest { Required = true, Authenticate = authenticate, Carriers = carrier };
                    await MeasureAsync(node, client, source, wish, copy, runs, cancellationToken).ConfigureAwait(false);
                }
            }

            if (session) await MeasureAsync(node, client, source, null, copy, 1, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            node.Process.StandardInput.Close();
            await node.Process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private static Task MeasureAsync(
        Node node, TransferClient client, string source, DatacenterRequest? wish, double copy, int runs, CancellationToken cancellationToken)
    {
        var request = new TransferRequest
        {
            Remote = new Uri(string.Create(CultureInfo.InvariantCulture, $"dwcp://127.0.0.1:{node.Port}/bench")),
            ClientId = "bench",
            ClientCertificate = node.Certificate,
            Pin = node.Pin,
            Versions = [3],
            Resume = false,
            Datacenter = wish,
        };
        return MeasureAsync(request, client, source, () => node.CpuSeconds, node.ForgetStore, copy, runs, cancellationToken);
    }

    private static async Task MeasureAsync(
        TransferRequest request, TransferClient client, string source, Func<double> cpu, Action forget, double copy, int runs, CancellationToken cancellationToken)
    {
        TransferResult? put = null;
        TransferResult? get = null;
        var putCpu = 0.0;
        var getCpu = 0.0;
        double? verified = null;
        if (request.Datacenter is { } wish) request = request with { Datacenter = wish with { PayloadVerified = () => verified = cpu() } };
        for (var run = 0; run < runs; run++)
        {
            var before = cpu();
            var sent = await client.SendAsync(request, TransferSource.FromPaths(source), null, cancellationToken).ConfigureAwait(false);
            if (put is null || Rate(sent) > Rate(put)) (put, putCpu) = (sent, (verified ?? cpu()) - before);
            before = cpu();
            verified = null;
            var back = source + ".back";
            var received = await client.ReceiveAsync(request, TransferSink.ToPath(back), null, cancellationToken).ConfigureAwait(false);
            if (get is null || Rate(received) > Rate(get)) (get, getCpu) = (received, (verified ?? cpu()) - before);
            verified = null;
            if (run == 0) RequireEqual(source, back);
            File.Delete(back);
            await client.DeleteAsync(request, cancellationToken).ConfigureAwait(false);
            forget();
        }

        Row($"put, {put!.Transport}", put, putCpu, copy);
        Row($"get, {get!.Transport}", get, getCpu, copy);
    }

    private static double Rate(TransferResult result) => (result.Bulk?.BytesPerSecond ?? result.BytesPerSecond) / 1e9;

    private static void Row(string path, TransferResult result, double cpu, double copy)
    {
        var rate = Rate(result);
        var how = result.Bulk is null ? "TLS, SHA-256 in line" : result.Bulk.Authenticated ? "XXH3 + AES-GMAC" : "XXH3";
        var digest = result.Bulk is { } bulk ? bulk.DigestDuration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture) : "in line";
        Say(string.Create(CultureInfo.InvariantCulture,
            $"| {path} | {how} | {rate:0.00} | {rate / copy:0.00} | {cpu / (result.UserBytes / 1e9):0.00} | {digest} | {result.BytesPerSecond / 1e9:0.00} |"));
    }

    private static void WriteNoise(string path, int mib, CancellationToken cancellationToken)
    {
        var random = new Random(4711);
        var block = new byte[1 << 20];
        using var file = File.Create(path, 1 << 20);
        for (var i = 0; i < mib; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            random.NextBytes(block);
            file.Write(block);
        }
    }

    private static double CopyLimit()
    {
        var from = new byte[CopyBytes];
        var to = new byte[CopyBytes];
        var best = double.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            var start = Stopwatch.GetTimestamp();
            from.AsSpan().CopyTo(to);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return CopyBytes / best / 1e9;
    }

    private static void RequireEqual(string one, string other)
    {
        using var a = File.OpenRead(one);
        using var b = File.OpenRead(other);
        if (a.Length != b.Length) throw new ToolException(ExitCode.Failure, "What came back has another length than what was sent.");
        var left = new byte[1 << 20];
        var right = new byte[1 << 20];
        int read;
        while ((read = a.ReadAtLeast(left, left.Length, throwOnEndOfStream: false)) > 0)
        {
            b.ReadExactly(right.AsSpan(0, read));
            if (!left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, read))) throw new ToolException(ExitCode.Failure, $"What came back differs before byte {a.Position}.");
        }
    }

    /// <summary>This program, for starting it again.</summary>
    public static IReadOnlyList<string> OwnCommand { get; } = Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
        ? [Environment.ProcessPath!, typeof(DatacenterBench).Assembly.Location]
        : [Environment.ProcessPath!];

    private static async Task<Node> StartNodeAsync(string folder, string transports, CancellationToken cancellationToken)
    {
        var store = Path.Combine(folder, $"store-{transports}");
        var certificate = Path.Combine(folder, $"client-{transports}.pfx"); // each node has its own authority
        var start = new ProcessStartInfo(OwnCommand[0]) { RedirectStandardOutput = true, RedirectStandardInput = true };
        foreach (var argument in (string[])[.. OwnCommand.Skip(1), BenchNode.Verb, store, certificate, transports]) start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new ToolException(ExitCode.Failure, "The benchmark's node cannot be started.");
        var line = await process.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        return line?.Split(' ') is [var port, var pin]
            ? new Node(process, int.Parse(port, CultureInfo.InvariantCulture), pin, store, X509CertificateLoader.LoadPkcs12FromFile(certificate, null))
            : throw new ToolException(ExitCode.Failure, "The benchmark's node ended before it listened.");
    }

    private static IPEndPoint ParseEndPoint(OptionReader options, string text) =>
        IPEndPoint.TryParse(text, out var end) ? end : throw options.Complaint($"--listen is an address of this machine, with or without a port (10.0.0.5:7420), not '{text}'.");

    private static int Number(OptionReader options, string name, int fallback) => options.Value(name) switch
    {
        null => fallback,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 => number,
        _ => throw options.Complaint($"--{name} is a whole number above 0."),
    };

    // What is measured between two processes of this machine, where all of it takes longer than somebody has.
    private static HashSet<string> Paths(OptionReader options)
    {
        string[] known = [Sockets, SharedMemory, Tcp, Session];
        if (options.Value("paths") is not { } text) return [.. known];
        var paths = text.Split(',', StringSplitOptions.TrimEntries).ToHashSet();
        return paths.IsSubsetOf(known) ? paths : throw options.Complaint($"--paths is some of {string.Join(",", known)}, not '{text}'.");
    }

    private static void Say(string line) => Console.Out.WriteLine(line);

    private sealed class Node(Process process, int port, string pin, string store, X509Certificate2 certificate) : IDisposable
    {
        public Process Process { get; } = process;

        public int Port { get; } = port;

        public string Pin { get; } = pin;

        public X509Certificate2 Certificate { get; } = certificate;

        /// <summary>Of both processes so far.</summary>
        public double CpuSeconds
        {
            get
            {
                return OwnCpu() + (ProcessorTicks(Process.Id) / 100.0);
            }
        }

        // The node and its worker processes, running or waited for: times of /proc/<pid>/stat, in ticks of 10 ms.
        private static long ProcessorTicks(int node)
        {
            long ticks = 0;
            foreach (var directory in Directory.Exists("/proc/self") ? Directory.GetDirectories("/proc") : [])
            {
                if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var process)) continue;
                string text;
                try
                {
                    text = File.ReadAllText(Path.Combine(directory, "stat"));
                }
                catch (IOException)
                {
                    continue; // it ended meanwhile
                }

                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                if (process != node && fields[1] != node.ToString(CultureInfo.InvariantCulture)) continue;
                for (var field = 11; field <= 14; field++) ticks += long.Parse(fields[field], CultureInfo.InvariantCulture);
            }

            return ticks;
        }

        /// <summary>Gives the memory of deleted objects back: on tmpfs the store would otherwise fill the machine, run after run.</summary>
        public void ForgetStore()
        {
            foreach (var pack in Directory.GetFiles(store, "*.pack", SearchOption.AllDirectories)) File.Delete(pack);
            foreach (var index in Directory.GetFiles(store, "*.idx", SearchOption.AllDirectories)) File.Delete(index);
        }

        public void Dispose()
        {
            if (!Process.HasExited) Process.Kill();
            Process.Dispose();
            Certificate.Dispose();
        }
    }
}
