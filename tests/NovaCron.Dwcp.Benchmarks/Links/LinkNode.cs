using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>A node alone in its process: the session server that dwcpd runs, over a store, without a cluster. Prints its pin once it listens, serves until killed.</summary>
internal static class LinkNode
{
    public const string Verb = "links-node";
    public const int Port = 7420;

    /// <param name="store">The store's directory.</param>
    /// <param name="keyFile">Where the client finds its API key.</param>
    public static async Task<int> RunAsync(string store, string keyFile)
    {
        var key = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        await File.WriteAllTextAsync(keyFile, key).ConfigureAwait(false);
        using var certificate = SelfSigned();
        var objects = ObjectStore.Open(store);
        await using var objectsScope = objects.ConfigureAwait(false);
        var server = new SessionServer(
            new SessionServerOptions
            {
                EndPoint = new IPEndPoint(IPAddress.Any, Port),
                Certificate = certificate,
                Store = objects,
                Principals = ApiKeyDirectory.Parse(ApiKeyDirectory.FormatLine("bench", key) + "\n"),
                Split = new EveryoneOnThree(),
                Carriers = [new DatagramServerCarrier(), new TcpStreamsServerCarrier()],
            },
            [new V3ServerProtocol()]);
        await using var serverScope = server.ConfigureAwait(false);
        await server.StartAsync().ConfigureAwait(false);
        await Console.Out.WriteLineAsync(Convert.ToHexString(SHA256.HashData(certificate.RawData))).ConfigureAwait(false);
        await Task.Delay(Timeout.Infinite).ConfigureAwait(false);
        return 0;
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=dwcp-v3", key, HashAlgorithmName.SHA256);
        using var whole = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pfx), null);
    }

    private sealed class EveryoneOnThree : ITrafficSplit
    {
        public int VersionFor(string clientId) => 3;

        public bool AcceptsCanary(string key) => false;
    }
}
