using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>A node in a process of its own, that can be killed as the kernel kills: without a word.</summary>
internal sealed class NodeProcess : IDisposable
{
    public const string Verb = "dwcp-test-node";
    private const string CertificateVariable = "DWCP_TEST_CERTIFICATE";

    private readonly Process _process;
    private readonly TaskCompletionSource<int> _port = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _received;

    private NodeProcess(Process process)
    {
        _process = process;
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data?.Split(' ') is ["port", var port]) _port.TrySetResult(int.Parse(port, CultureInfo.InvariantCulture));
            if (e.Data?.Split(' ') is ["wire", var wire]) Interlocked.Exchange(ref _received, long.Parse(wire, CultureInfo.InvariantCulture));
            if (e.Data is null) _port.TrySetException(new InvalidOperationException("The node ended before it listened."));
        };
    }

    /// <summary>Bytes of protocol that the node moved, by its own count, as far as it could tell before it died.</summary>
    public long ReceivedBytes => Interlocked.Read(ref _received);

    /// <param name="store">Directory of its store.</param>
    /// <param name="port">Port to listen on; 0 = the system chooses.</param>
    /// <param name="largestFile">Bytes after which the kernel refuses to let a file grow (RLIMIT_FSIZE); null = no limit.</param>
    public static async Task<(NodeProcess Node, int Port)> StartAsync(string store, int port = 0, long? largestFile = null)
    {
        var start = new ProcessStartInfo(largestFile is null ? Environment.ProcessPath! : "bash") { RedirectStandardOutput = true };
        if (largestFile is { } limit)
        {
            // With the signal ignored the write itself fails, with EFBIG.
            foreach (var argument in (string[])["-c", $"trap '' XFSZ; ulimit -f {limit / 1024}; exec \"$@\"", "bash", Environment.ProcessPath!]) start.ArgumentList.Add(argument);
            // The runtime maps its code twice through a file in memory that is larger than any limit.
            start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        }

        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet") start.ArgumentList.Add(typeof(Program).Assembly.Location);
        foreach (var argument in (string[])[Verb, store, port.ToString(CultureInfo.InvariantCulture)]) start.ArgumentList.Add(argument);
        start.Environment[CertificateVariable] = Convert.ToBase64String(TestIdentity.Shared.Server.Export(X509ContentType.Pfx));
        var node = new NodeProcess(Process.Start(start)!);
        node._process.BeginOutputReadLine();
        return (node, await node._port.Task.WaitAsync(TimeSpan.FromSeconds(120)));
    }

    public async Task KillAsync()
    {
        _process.Kill(); // SIGKILL
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>The other side of it: runs until killed.</summary>
    public static async Task<int> ServeAsync(string store, int port)
    {
        var pfx = Convert.FromBase64String(Environment.GetEnvironmentVariable(CertificateVariable)!);
        await using var objects = ObjectStore.Open(store);
        await using var server = new SessionServer(
            new SessionServerOptions
            {
                EndPoint = new IPEndPoint(IPAddress.Loopback, port),
                Certificate = X509CertificateLoader.LoadPkcs12(pfx, null),
                Store = objects,
                Principals = TestNode.Principals,
                Split = new TestSplit(),
                Observer = new PrintingObserver(),
                Datacenter = Datacenter.BulkTests.Policy(),
                Carriers = [new DatagramServerCarrier(), new TcpStreamsServerCarrier()],
            },
            [new V3ServerProtocol()]);
        await server.StartAsync();
        Console.WriteLine($"port {server.LocalEndPoint.Port}");
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    // Prints what arrived, as it arrives: a killed process cannot report afterwards.
    private sealed class PrintingObserver : ISessionObserver
    {
        private readonly object _gate = new();
        private long _wire;

        public void SessionStarted(SessionInfo session)
        {
        }

        public void SessionEnded(SessionInfo session, Exception? failure)
        {
        }

        public void RequestCompleted(string version, RequestKind kind, RequestOutcome outcome, TimeSpan duration)
        {
        }

        public void BytesMoved(string version, long raw, long wire)
        {
            lock (_gate) Console.WriteLine($"wire {_wire += wire}");
        }

        public void CorruptionDetected(string version, string detail) => Console.WriteLine($"corruption {detail}");

        public void ConnectionRefused(EndPoint? remote, string reason)
        {
        }
    }
}
