using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>What a carrier needs to connect a client's session.</summary>
public sealed record ClientCarrierRequest
{
    /// <summary>The path.</summary>
    public required PathMeasurement Path { get; init; }

    /// <summary>What both ends saw of the negotiation, equal on both (docs/format.md, "Carriers"): binds keys to this session, this principal's opening and this certificate. Known once <see cref="ExchangeAsync"/> has returned.</summary>
    public required Func<ReadOnlyMemory<byte>> Negotiation { get; init; }

    /// <summary>The kernel's TCP sends by a model of the path (BBR): loss does not slow it down.</summary>
    public bool TcpModelsPath { get; init; }

    /// <summary>Sends the carrier's offer inside TLS and returns the node's answer; fails with the node's reason when it refuses.</summary>
    public required Func<ReadOnlyMemory<byte>, CancellationToken, Task<ReadOnlyMemory<byte>>> ExchangeAsync { get; init; }

    /// <summary>How the transfer stands to others on the path, where a carrier decides that itself.</summary>
    public AcpProfile Profile { get; init; }

    /// <summary>Connections to use where a carrier uses several; null for the carrier's own choice.</summary>
    public int? Parallelism { get; init; }

    /// <summary>Opens another TLS connection to the same node with the same trust, ready for frames.</summary>
    public required Func<CancellationToken, Task<Stream>> ConnectTlsAsync { get; init; }
}
