namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>A transfer that a check wants made. Holds secrets; never logged.</summary>
public sealed record TransferProbeRequest
{
    /// <summary>host:port of 7420.</summary>
    public required string Address { get; init; }

    /// <summary>Another address of the same nodes, for when <see cref="Address"/> takes no connection from here (a cluster's inner network); null: there is none.</summary>
    public Func<CancellationToken, Task<string>>? Detour { get; init; }

    /// <summary>PEM of the CA that the node's certificate must chain to.</summary>
    public required string CertificateAuthority { get; init; }

    public string ServerName { get; init; } = "dwcp-v3";

    /// <summary>Empty: a stranger, without key and certificate.</summary>
    public required string ApiKey { get; init; }

    /// <summary>Diagnostics key that forces v3 although the flag says v1; null for what the flag says.</summary>
    public string? CanaryKey { get; init; }

    /// <summary>Versions that the client offers.</summary>
    public IReadOnlyList<int> Versions { get; init; } = [1, 3];

    /// <summary>Payload, bytes.</summary>
    public long Bytes { get; init; } = 4 << 20;

    /// <summary>Tells the probes of a run apart; each is another client.</summary>
    public int Number { get; init; } = 1;

    /// <summary>Break the connection once in the middle and resume.</summary>
    public bool Interrupt { get; init; }
}
