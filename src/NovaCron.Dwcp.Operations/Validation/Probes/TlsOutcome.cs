namespace NovaCron.Dwcp.Operations.Validation.Probes;

/// <summary>How far a TLS handshake came.</summary>
internal enum TlsOutcome
{
    /// <summary>Both sides agreed.</summary>
    Established,

    /// <summary>The connection stood, and the other side did not agree.</summary>
    Refused,

    /// <summary>There was no connection, or no answer.</summary>
    Unreachable,
}
