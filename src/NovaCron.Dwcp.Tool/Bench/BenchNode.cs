using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Rdma;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Tool.Bench;

/// <summary>The benchmark's node: a session server over a store, alone in its process. Says where it listens, serves until its standard input ends.</summary>
internal static class BenchNode
{
    public const string Verb = "bench-datacenter-node";
    public const string Chosen = "chosen";

    /// <param name="arguments">The store's directory, the file for the client's certificate, UCX's transports or "chosen".</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var identity = new BenchIdentity();
        await WriteCertificateAsync(identity, arguments[1], cancellationToken).ConfigureAwait(false);
        var store = ObjectStore.Open(arguments[0]);
        await using var storeScope = store.ConfigureAwait(false);
        var server = Server(identity, store, new IPEndPoint(IPAddress.Loopback, 0), "127.0.0.0/8", arguments[2] == Chosen ? null : arguments[2]);
        await using var serverScope = server.ConfigureAwait(false);
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{server.LocalEndPoint.Port} {Pin(identity)}")).ConfigureAwait(false);
        await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        return 0;
    }

    /// <summary>Serves other machines until Ctrl+C, and says how they reach it: a site is measured without a cluster.</summary>
    /// <param name="endPoint">Where to listen.</param>
    /// <param name="folder">For the store and the client's certificate; deleted afterwards.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<int> ListenAsync(IPEndPoint endPoint, string folder, CancellationToken cancellationToken)
    {
        using var identity = new BenchIdentity();
        var certificate = Path.Combine(folder, "client.pfx");
        await WriteCertificateAsync(identity, certificate, cancellationToken).ConfigureAwait(false);
        var store = ObjectStore.Open(Path.Combine(folder, "store"));
        await using var storeScope = store.ConfigureAwait(false);
        var server = Server(identity, store, endPoint, "0.0.0.0/0,::/0", null);
        await using var serverScope = server.ConfigureAwait(false);
        try
        {
            await server.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new ToolException(ExitCode.Failure, $"Cannot listen at {endPoint}: {e.Message}");
        }

        var readiness = RdmaReadiness.Check();
        await Console.Out.WriteLineAsync($"""
            A node for benchmarks listens at {server.LocalEndPoint} until Ctrl+C. Payload travels in clear; whoever has its certificate may store.
            UCX: {UcxLibrary.Finding}
            RDMA: {(readiness.IsReady ? string.Join(", ", readiness.Devices) : "no. " + string.Join(" ", readiness.Missing))}
            Copy {certificate} to the other machine, and say there
              dwcp bench datacenter dwcp://{server.LocalEndPoint}/bench --certificate client.pfx --pin {Pin(identity)}
              dwcp send FILE dwcp://{server.LocalEndPoint}/file --certificate client.pfx --pin {Pin(identity)} --mode Datacenter --verbose     (or --require-rdma)
            """).ConfigureAwait(false);
        try
        {
            await Task.Delay(Timeout.Infinite, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Ctrl+C: the way in which this ends
        }

        return ExitCode.Success;
    }

    private static string Pin(BenchIdentity identity) => Convert.ToHexString(SHA256.HashData(identity.Server.RawData));

    private static async Task WriteCertificateAsync(BenchIdentity identity, string file, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; // it holds the key
        var stream = new FileStream(file, options);
        await using var scope = stream.ConfigureAwait(false);
        await stream.WriteAsync(identity.Client.Export(X509ContentType.Pfx), cancellationToken).ConfigureAwait(false);
    }

    private static SessionServer Server(BenchIdentity identity, ObjectStore store, IPEndPoint endPoint, string networks, string? transports) => new(
        new SessionServerOptions
        {
            EndPoint = endPoint,
            Certificate = identity.Server,
            ClientRoots = [X509CertificateLoader.LoadCertificate(identity.Authority.RawData)],
            Store = store,
            Principals = ApiKeyDirectory.Parse(ApiKeyDirectory.FormatLine(BenchIdentity.Principal, Guid.NewGuid().ToString()) + "\n"),
            Split = new EveryoneOnThree(),
            Datacenter = new DatacenterPolicy
            {
                Networks = DatacenterPolicy.ParseNetworks(networks),
                Authenticate = false,
                RdmaIdentities = new HashSet<string> { BenchIdentity.Principal },
                UcxTransports = transports,
                WorkerCommand = [.. DatacenterBench.OwnCommand, BulkWorker.Verb],
            },
        },
        [new V3ServerProtocol()]);
}
