using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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
        await File.WriteAllBytesAsync(arguments[1], identity.Client.Export(X509ContentType.Pfx), cancellationToken).ConfigureAwait(false);
        var store = ObjectStore.Open(arguments[0]);
        await using var storeScope = store.ConfigureAwait(false);
        var server = new SessionServer(
            new SessionServerOptions
            {
                EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
                Certificate = identity.Server,
                ClientRoots = [X509CertificateLoader.LoadCertificate(identity.Authority.RawData)],
                Store = store,
                Principals = ApiKeyDirectory.Parse(ApiKeyDirectory.FormatLine(BenchIdentity.Principal, Guid.NewGuid().ToString()) + "\n"),
                Split = new EveryoneOnThree(),
                Datacenter = new DatacenterPolicy
                {
                    Networks = DatacenterPolicy.ParseNetworks("127.0.0.0/8"),
                    Authenticate = false,
                    RdmaIdentities = new HashSet<string> { BenchIdentity.Principal },
                    UcxTransports = arguments[2] == Chosen ? null : arguments[2],
                    WorkerCommand = [.. DatacenterBench.OwnCommand, BulkWorker.Verb],
                },
            },
            [new V3ServerProtocol()]);
        await using var serverScope = server.ConfigureAwait(false);
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        var pin = Convert.ToHexString(SHA256.HashData(identity.Server.RawData));
        await Console.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{server.LocalEndPoint.Port} {pin}")).ConfigureAwait(false);
        await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
        return 0;
    }

    private sealed class EveryoneOnThree : ITrafficSplit
    {
        public int VersionFor(string clientId) => 3;

        public bool AcceptsCanary(string key) => false;
    }
}
