using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>The ways that ITP will try for one session, in order, and what came of it.</summary>
internal sealed record CarrierPlan
{
    public required PathMeasurement Path { get; init; }

    /// <summary>What is tried before the session stays on its TLS connection.</summary>
    public required IReadOnlyList<IClientCarrier> Candidates { get; init; }

    /// <summary>One sentence for each way that was considered.</summary>
    public required List<string> Reasons { get; init; }

    /// <summary>The node's certificate, DER.</summary>
    public required byte[] Certificate { get; init; }

    public required Func<CancellationToken, Task<Stream>> ConnectTlsAsync { get; init; }

    /// <summary>Hears that a way failed here: when connecting, or later.</summary>
    public required Action<IClientCarrier, string> Failed { get; init; }

    public int? Parallelism { get; init; }

    public AcpProfile Profile { get; init; }

    /// <summary>The kernel's TCP sends by a model of the path.</summary>
    public bool TcpModelsPath { get; init; }
}
