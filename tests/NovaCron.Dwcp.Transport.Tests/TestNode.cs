using System.Net;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>A node in this process, on a port that the system chose.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    public const string Key = "test-key-of-alice";
    public const string OtherKey = "test-key-of-bob";

    private readonly SessionServer _server;
    private readonly bool _ownsStore;

    private TestNode(SessionServer server, ObjectStore store, bool ownsStore)
    {
        _server = server;
        _ownsStore = ownsStore;
        Store = store;
    }

    public ObjectStore Store { get; }

    public RecordingObserver Observer { get; private init; } = new();

    public TestSplit Split { get; private init; } = new();

    public SessionServer Server => _server;

    public int Port => _server.LocalEndPoint.Port;

    public static IPrincipalDirectory Principals { get; } = ApiKeyDirectory.Parse(
        $"# principals of the tests\n{ApiKeyDirectory.FormatLine("alice", Key)}\n{ApiKeyDirectory.FormatLine("bob", OtherKey)}\n");

    public static async Task<TestNode> StartAsync(
        string storePath,
        Func<SessionServerOptions, SessionServerOptions>? configure = null,
        ObjectStoreOptions? storeOptions = null,
        IReadOnlyList<IServerProtocol>? protocols = null,
        ObjectStore? store = null)
    {
        var owns = store is null;
        store ??= ObjectStore.Open(storePath, storeOptions);
        var observer = new RecordingObserver();
        var split = new TestSplit();
        var options = new SessionServerOptions
        {
            EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
            Certificate = TestIdentity.Shared.Server,
            ClientRoots = TestIdentity.Shared.Roots,
            Store = store,
            Principals = Principals,
            Split = split,
            Observer = observer,
        };
        var server = new SessionServer(configure?.Invoke(options) ?? options, protocols ?? [new V3ServerProtocol()]);
        await server.StartAsync();
        return new TestNode(server, store, owns) { Observer = observer, Split = split };
    }

    public TransferRequest Request(string path, string clientId = "client-1") => RequestTo(Port, path, clientId);

    public static TransferRequest RequestTo(int port, string path, string clientId = "client-1") => new()
    {
        Remote = new Uri($"dwcp://127.0.0.1:{port}/{path}"),
        ClientId = clientId,
        ApiKey = Key,
        TrustedCertificates = TestIdentity.Shared.Roots,
        Versions = [3],
        // Long: a test that expects an end sets its own limit, and no other is to fail because the machine was busy.
        GiveUpAfter = TimeSpan.FromMinutes(1),
    };

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        if (_ownsStore) await Store.DisposeAsync();
    }
}
