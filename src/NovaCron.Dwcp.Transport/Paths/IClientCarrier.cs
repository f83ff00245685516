namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>
/// A way to carry a session, on the client's side. ITP asks each for its view of the path, tries them in order of preference, and falls back to the TLS
/// connection itself when none connects. Numbers: docs/format.md, "Carriers".
/// </summary>
public interface IClientCarrier : IAsyncDisposable
{
    /// <summary>The number on the wire, 1 to 31.</summary>
    int Number { get; }

    /// <summary>For people and metrics.</summary>
    string Name { get; }

    /// <summary>Whether it is for the data centre (else for long paths).</summary>
    bool IsForDatacenter { get; }

    /// <summary>What it thinks of a path, without touching the network.</summary>
    CarrierAssessment Assess(PathMeasurement path);

    /// <summary>Agrees with the node inside TLS, connects, and proves that both directions work.</summary>
    /// <exception cref="DwcpTransferException">It cannot; the session goes on another way, and the message says why in a result's reasons.</exception>
    Task<CarrierConnection> ConnectAsync(ClientCarrierRequest request, CancellationToken cancellationToken);
}
