using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Rehearsal.Traffic;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;
using NovaCron.Dwcp.V1;

namespace NovaCron.Dwcp.Rehearsal.Tests.Traffic;

/// <summary>A node's data port alone, with a percent that can be set and faults that can be injected.</summary>
internal sealed class TrafficNode : IAsyncDisposable, ITrafficSplit, ISessionFaults
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-traffic-").FullName;
    private readonly X509Certificate2 _certificate;
    private readonly Random _random = new(7);
    private SessionServer? _server;
    private ObjectStore? _store;

    private TrafficNode()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=dwcp-v3", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("dwcp-v3");
        request.CertificateExtensions.Add(names.Build());
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public int Percent { get; set; }

    public double V3FailShare { get; set; }

    public string ApiKey { get; } = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));

    public PrincipalStore Objects => _store!.OpenPrincipal("default");

    public static async Task<TrafficNode> StartAsync(int percent)
    {
        var node = new TrafficNode { Percent = percent };
        node._store = ObjectStore.Open(node._directory);
        node._server = new SessionServer(
            new SessionServerOptions
            {
                EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
                Certificate = node._certificate,
                Store = node._store,
                Principals = ApiKeyDirectory.Parse(ApiKeyDirectory.FormatLine("default", node.ApiKey)),
                Split = node,
                Faults = node,
            },
            [new V3ServerProtocol(), new V1ServerProtocol()]);
        await node._server.StartAsync();
        return node;
    }

    public TrafficOptions CreateOptions() => new()
    {
        Target = new Uri($"dwcp://{_server!.LocalEndPoint}/traffic"),
        ApiKey = ApiKey,
        TrustedCertificates = [X509CertificateLoader.LoadCertificate(_certificate.RawData)],
        Rate = 20,
        // Nothing here is about the machine's speed: a stall of it is no failure.
        ConnectTimeout = TimeSpan.FromSeconds(60),
        LostAfter = TimeSpan.FromSeconds(120),
        Seed = 11,
    };

    public int VersionFor(string clientId) => TrafficBucket.VersionFor(clientId, Percent);

    public bool AcceptsCanary(string canaryKey) => false;

    public SessionFault Next(string version, RequestKind kind)
    {
        lock (_random) return new SessionFault(version == VersionLabel.V3 && _random.NextDouble() < V3FailShare, TimeSpan.Zero);
    }

    public async Task StopServerAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        _server = null;
    }

    public async ValueTask DisposeAsync()
    {
        await StopServerAsync();
        if (_store is not null) await _store.DisposeAsync();
        _certificate.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
