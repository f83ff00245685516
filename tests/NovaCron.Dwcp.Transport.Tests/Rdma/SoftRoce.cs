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
                    RequireRdma = true,
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

    public static async Task<int> TransferAsync(string share, int mib, string nic)
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
        await Run("tc", "qdisc", "add", "dev", nic, "root", "netem", "loss", "0.1%");
        WriteNoise(source, Math.Max(16, mib / 4), 2);
        Report("put with 0.1 % loss and GMAC", await client.SendAsync(Request(share, "lossy") with { Datacenter = Wish with { Authenticate = true } }, TransferSource.FromPaths(source)));
        Report("get with 0.1 % loss", await client.ReceiveAsync(Request(share, "lossy"), TransferSink.ToPath("/dev/shm/back")));
        RequireEqual(source, "/dev/shm/back");
        Console.WriteLine("everything arrived as it was sent");
        return 0;
    }

    /// <summary>A client that will be killed.</summary>
    public static async Task<int> SendUntilKilledAsync(string share, string source)
    {
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await client.SendAsync(Request(share, "killed") with { MaxRate = 8_000_000 }, TransferSource.FromPaths(source), new Printer());
        return 0;
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
        Report("put resumed after a kill", await client.SendAsync(Request(share, "killed"), TransferSource.FromPaths(source)), resumed: true);
        await client.DeleteAsync(Request(share, "killed"));
    }

    private static void Report(string what, TransferResult result, bool resumed = false)
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: {result.UserBytes} bytes, {result.SkippedBytes} of them there before, by {result.Transport}, {result.Bulk!.BytesPerSecond / 1e6:0.0} MB/s, {result.Attempts} attempt(s), {result.Root}"));
        if (!result.Transport.StartsWith("rc_", StringComparison.Ordinal)) throw new InvalidOperationException($"It went by {result.Transport}, not by RDMA verbs.");
        if (resumed && result.SkippedBytes < 4 * BulkLimits.ExtentBytes) throw new InvalidOperationException("Nothing was resumed.");
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

    private sealed class Printer : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => Console.WriteLine(value.UserBytes.ToString(CultureInfo.InvariantCulture));
    }
}
