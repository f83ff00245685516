using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Rdma;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests.Rdma;

/// <summary>The two programs of tests/SoftRoce: a node in one guest, a client in the other, RDMA verbs between them or an error.</summary>
internal static class SoftRoce
{
    public const string NodeVerb = "roce-node";
    public const string ClientVerb = "roce-client";
    public const string KilledVerb = "roce-killed";
    public const string LimitedVerb = "roce-limited";
    private const string Verbs = "rc_verbs,self";
    private const string AddressFile = "node.address";
    private const string CertificateFile = "client.pfx";
    private const string PinFile = "node.pin";

    public static async Task<int> ServeAsync(string share, string address)
    {
        var identity = TestIdentity.Shared;
        await using var store = ObjectStore.Open("/dev/shm/store");
        await using var server = new SessionServer(
            new SessionServerOptions
            {
                EndPoint = new IPEndPoint(IPAddress.Parse(address), 0),
                Certificate = identity.Server,
                ClientRoots = identity.Roots,
                Store = store,
                Principals = TestNode.Principals,
                Split = new TestSplit(),
                Datacenter = new DatacenterPolicy
                {
                    Networks = DatacenterPolicy.ParseNetworks("10.77.0.0/24"),
                    Authenticate = false,
                    RdmaIdentities = new HashSet<string> { "alice" },
                    WorkerCommand = [Environment.ProcessPath!, typeof(Program).Assembly.Location, BulkWorker.Verb],
                    ConnectTimeout = TimeSpan.FromSeconds(60),
                },
            },
            [new V3ServerProtocol()]);
        await server.StartAsync();
        Console.WriteLine($"{UcxLibrary.Finding}; {string.Join(", ", RdmaReadiness.Check().Devices)} {string.Join(" ", RdmaReadiness.Check().Missing)}");
        File.WriteAllBytes(Path.Combine(share, CertificateFile), identity.IssueClient("alice").Export(X509ContentType.Pfx));
        File.WriteAllText(Path.Combine(share, PinFile), identity.Server.GetCertHashString(System.Security.Cryptography.HashAlgorithmName.SHA256));
        File.WriteAllText(Path.Combine(share, AddressFile), server.LocalEndPoint.ToString());
        while (!File.Exists(Path.Combine(share, "done"))) await Task.Delay(500);
        return 0;
    }

    public static async Task<int> TransferAsync(string share, int mib, string nic, string address)
    {
        while (!File.Exists(Path.Combine(share, AddressFile))) await Task.Delay(500);
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var source = "/dev/shm/source";
        WriteNoise(source, mib, 1);
        var sent = await client.SendAsync(Request(share, "disk"), TransferSource.FromPaths(source));
        Report("put", sent);
        var back = await client.ReceiveAsync(Request(share, "disk"), TransferSink.ToPath("/dev/shm/back"));
        Report("get", back);
        RequireEqual(source, "/dev/shm/back");
        File.Delete("/dev/shm/back");
        await client.DeleteAsync(Request(share, "disk"));

        await KillAndResumeAsync(client, share, source);
        foreach (var (how, spoil) in Spoilt) await RefusedPutAsync(IPAddress.Parse(address), how, spoil);
        await LimitAsync(share, source);
        await Run("tc", "qdisc", "add", "dev", nic, "root", "netem", "loss", "0.1%");
        WriteNoise(source, Math.Max(16, mib / 4), 2);
        Report("put with 0.1 % loss and GMAC", await client.SendAsync(Request(share, "lossy") with { Datacenter = Wish with { Authenticate = true } }, TransferSource.FromPaths(source)));
        Report("get with 0.1 % loss", await client.ReceiveAsync(Request(share, "lossy"), TransferSink.ToPath("/dev/shm/back")));
        RequireEqual(source, "/dev/shm/back");
        await LoseLinkAndResumeAsync(client, share, source, nic);
        Say("everything arrived as it was sent");
        return 0;
    }

    /// <summary>A client that will be killed. Slow: until it is, an emulated machine takes a while, and something shall be left to send.</summary>
    public static async Task<int> SendUntilKilledAsync(string share, string source)
    {
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await client.SendAsync(Request(share, "killed") with { MaxRate = 2_000_000 }, TransferSource.FromPaths(source), new Printer());
        return 0;
    }

    /// <summary>A client that may lock 64 KiB of memory, without the right to lock more.</summary>
    public static async Task<int> SendWithLittleLockedMemoryAsync(string share, string source)
    {
        Say($"with memlock 64 KiB: {Refusal(() => UcxLink.Open(receives: true, Verbs).Dispose(), "ulimit -l")}");
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var path = TransferSource.FromPaths(source);
        var refused = await RefusalAsync(() => client.SendAsync(Request(share, "limited"), path), "memlock: 65536");
        Say($"with memlock 64 KiB, RDMA required: {refused}");
        var sent = await client.SendAsync(Request(share, "limited") with { Datacenter = Wish with { RequireRdma = false } }, path);
        Say($"with memlock 64 KiB, RDMA not required: by {sent.Transport}, {string.Join("; ", sent.Reasons)}");
        if (sent.Transport.StartsWith("rc_", StringComparison.Ordinal)) throw new InvalidOperationException("It went by RDMA verbs all the same.");
        await client.DeleteAsync(Request(share, "limited"));
        return 0;
    }

    // What a sender of ill will, or a broken one, may try with the receiver's memory; the device refuses it.
    private static IReadOnlyList<(string How, Func<UcxRegion, UcxRegion, (ulong Address, byte[] Key)> Spoil)> Spoilt { get; } =
    [
        ("a put past the region's end", (region, _) => (region.Address + (ulong)region.Length - (BulkLimits.PieceBytes / 2), region.PackKey())),
        ("a put with the key of other memory", (region, other) => (region.Address, other.PackKey())),
        ("a put into memory that was given back", (_, other) =>
        {
            var (address, key) = (other.Address, other.PackKey());
            other.Dispose();
            return (address, key);
        }),
    ];

    private static async Task RefusedPutAsync(IPAddress address, string how, Func<UcxRegion, UcxRegion, (ulong Address, byte[] Key)> spoil)
    {
        var limit = TimeSpan.FromSeconds(60);
        using var receiver = UcxLink.Open(receives: true, Verbs);
        using var other = receiver.Context.Map(BulkLimits.PieceBytes);
        using var sender = UcxLink.Open(receives: false, Verbs);
        var port = receiver.Listen(address, 0, address);
        using var over = new CancellationTokenSource();
        var progress = DataThread.Run("receiver", () =>
        {
            receiver.Accept(limit, default);
            while (!over.IsCancellationRequested) receiver.Worker.Wait();
        });
        try
        {
            await DataThread.Run("sender", () =>
            {
                sender.Connect(new IPEndPoint(address, port));
                sender.UsePeerRegion(receiver.DescribeRegion(), limit, default);
                var (target, packed) = spoil(receiver.Region, other);
                sender.Region.Slice(0, BulkLimits.PieceBytes).Fill(0xEE);
                var key = sender.Endpoint.UnpackKey(packed);
                var said = Refusal(
                    () =>
                    {
                        sender.Worker.Finish(sender.Endpoint.Put(sender.Region, 0, BulkLimits.PieceBytes, target, key), "put");
                        sender.Worker.Finish(sender.Endpoint.Flush(), "flush");
                    },
                    "UCX");
                sender.Endpoint.DestroyKey(key);
                if (receiver.Region.Slice(0, (int)receiver.Region.Length).IndexOf((byte)0xEE) >= 0) throw new InvalidOperationException($"{how} wrote to the receiver's memory.");
                Say($"{how}: {said}");
            });
        }
        finally
        {
            await over.CancelAsync();
            receiver.Worker.Wake();
            await progress;
        }
    }

    // The limit binds root, too, once the capability to pass it is gone.
    private static Task LimitAsync(string share, string source) => Run(
        "setpriv", "--bounding-set=-ipc_lock", "prlimit", "--memlock=65536:65536", Environment.ProcessPath!, typeof(Program).Assembly.Location, LimitedVerb, share, source);

    private static async Task LoseLinkAndResumeAsync(TransferClient client, string share, string source, string nic)
    {
        var moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var request = Request(share, "unplugged") with { MaxRate = 1_000_000, GiveUpAfter = TimeSpan.FromSeconds(20), ConnectTimeout = TimeSpan.FromSeconds(10) };
        var sending = client.SendAsync(request, TransferSource.FromPaths(source), new Watcher(BulkLimits.ExtentBytes, moved));
        await Task.WhenAny(moved.Task, sending);
        await Run("ip", "link", "set", nic, "down");
        var said = await RefusalAsync(() => sending.WaitAsync(TimeSpan.FromMinutes(3)), "");
        Say($"link down: {said}");
        await Run("ip", "link", "set", nic, "up");
        for (var i = 0; i < 60 && !RdmaReadiness.Check().IsReady; i++) await Task.Delay(500);
        // Not by all means over RDMA: the guests' rdma_rxe (Linux 6.1) makes no new connections after its link was down. What matters is that the transfer goes on and says how.
        var resumed = await client.SendAsync(Request(share, "unplugged") with { Datacenter = Wish with { RequireRdma = false } }, TransferSource.FromPaths(source));
        Say($"put resumed after the link was down: {resumed.SkippedBytes} bytes there before, by {resumed.Transport}: {string.Join("; ", resumed.Reasons)}");
        if (resumed.SkippedBytes < BulkLimits.ExtentBytes) throw new InvalidOperationException("Nothing was resumed.");
    }

    private static string Refusal(Action body, string names)
    {
        try
        {
            body();
        }
        catch (DwcpTransferException e) when (e.Message.Contains(names, StringComparison.Ordinal))
        {
            return $"{e.Message} ({e.Code}, {e.Fault})";
        }

        throw new InvalidOperationException("It was not refused.");
    }

    private static async Task<string> RefusalAsync(Func<Task> body, string names)
    {
        try
        {
            await body();
        }
        catch (DwcpTransferException e) when (e.Message.Contains(names, StringComparison.Ordinal))
        {
            return $"{e.Message} ({e.Code}, {e.Fault})";
        }

        throw new InvalidOperationException("It was not refused.");
    }

    private static DatacenterRequest Wish { get; } = new() { RequireRdma = true, Required = true, MinimumBytes = 0 };

    private static TransferRequest Request(string share, string name) => new()
    {
        Remote = new Uri($"dwcp://{File.ReadAllText(Path.Combine(share, AddressFile))}/{name}"),
        ClientId = "roce",
        ClientCertificate = X509CertificateLoader.LoadPkcs12(File.ReadAllBytes(Path.Combine(share, CertificateFile)), null),
        Pin = File.ReadAllText(Path.Combine(share, PinFile)),
        Versions = [3],
        Datacenter = Wish,
        ConnectTimeout = TimeSpan.FromSeconds(60),
        GiveUpAfter = TimeSpan.FromSeconds(90),
        AttemptFailed = attempt => Console.WriteLine($"attempt {attempt.Number}: {attempt.Failure.Message}"),
    };

    private static async Task KillAndResumeAsync(TransferClient client, string share, string source)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        foreach (var argument in (string[])[typeof(Program).Assembly.Location, KilledVerb, share, source]) start.ArgumentList.Add(argument);
        using var victim = Process.Start(start)!;
        while (await victim.StandardOutput.ReadLineAsync() is { } line)
        {
            if (!long.TryParse(line, CultureInfo.InvariantCulture, out var bytes) || bytes < 4 * BulkLimits.ExtentBytes) continue;
            victim.Kill();
            break;
        }

        await victim.WaitForExitAsync();
        if (victim.ExitCode == 0) throw new InvalidOperationException("The client ended before it was killed.");
        Report("put resumed after a kill", await client.SendAsync(Request(share, "killed"), TransferSource.FromPaths(source)), leastResumed: 4 * BulkLimits.ExtentBytes);
        await client.DeleteAsync(Request(share, "killed"));
    }

    private static void Say(string what) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(DateTime.Now - Process.GetCurrentProcess().StartTime).TotalSeconds,4:0} s: {what}"));

    private static void Report(string what, TransferResult result, long leastResumed = 0)
    {
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {result.UserBytes} bytes, {result.SkippedBytes} of them there before, by {result.Transport}, {result.Bulk!.BytesPerSecond / 1e6:0.0} MB/s, {result.Attempts} attempt(s), {result.Root}"));
        if (!result.Transport.StartsWith("rc_", StringComparison.Ordinal)) throw new InvalidOperationException($"It went by {result.Transport}, not by RDMA verbs.");
        if (result.SkippedBytes < leastResumed) throw new InvalidOperationException("Nothing was resumed.");
    }

    private static async Task Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} failed with {process.ExitCode}.");
    }

    private static void WriteNoise(string path, int mib, int seed)
    {
        var random = new Random(seed);
        var block = new byte[1 << 20];
        using var file = File.Create(path);
        for (var i = 0; i < mib; i++)
        {
            random.NextBytes(block);
            file.Write(block);
        }
    }

    private static void RequireEqual(string one, string other)
    {
        using var a = File.OpenRead(one);
        using var b = File.OpenRead(other);
        var left = new byte[1 << 20];
        var right = new byte[1 << 20];
        if (a.Length != b.Length) throw new InvalidOperationException("What came back has another length.");
        int read;
        while ((read = a.ReadAtLeast(left, left.Length, throwOnEndOfStream: false)) > 0)
        {
            b.ReadExactly(right.AsSpan(0, read));
            if (!left.AsSpan(0, read).SequenceEqual(right.AsSpan(0, read))) throw new InvalidOperationException("What came back differs.");
        }
    }

    private sealed class Watcher(long bytes, TaskCompletionSource reached) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value)
        {
            if (value.UserBytes >= bytes) reached.TrySetResult();
        }
    }

    private sealed class Printer : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => Console.WriteLine(value.UserBytes.ToString(CultureInfo.InvariantCulture));
    }
}
