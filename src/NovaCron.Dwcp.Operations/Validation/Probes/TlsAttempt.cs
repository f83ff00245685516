namespace NovaCron.Dwcp.Operations.Validation.Probes;

/// <summary>How a TLS handshake went.</summary>
/// <param name="Outcome">Established, refused by the other side, or never begun.</param>
/// <param name="Protocol">What was agreed, for example <c>Tls13, TLS_AES_256_GCM_SHA384</c>; empty when nothing was.</param>
/// <param name="IsTrusted">The certificate chains to the CA and is for the name.</param>
/// <param name="Detail">What went wrong.</param>
internal sealed record TlsAttempt(TlsOutcome Outcome, string Protocol, bool IsTrusted, string Detail);
