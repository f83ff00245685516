namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>What a client says about itself when it opens a session.</summary>
/// <param name="ClientId">1 to 256 characters; the traffic split hangs on it.</param>
/// <param name="Versions">The versions it can speak.</param>
/// <param name="ApiKey">The credential, or null when the client certificate is it.</param>
/// <param name="CanaryKey">The diagnostics key that forces v3, or null.</param>
public sealed record SessionOpening(string ClientId, IReadOnlyList<int> Versions, string? ApiKey, string? CanaryKey)
{
    /// <summary>Other ways than TLS to carry the session, to be tried in order; null to stay on TLS.</summary>
    internal Paths.CarrierPlan? Carriers { get; init; }

    /// <summary>Names the client, never a key.</summary>
    public override string ToString() => $"{ClientId} (versions {string.Join(", ", Versions)})";
}
