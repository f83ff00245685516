namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// A stranger, who shows neither key nor client certificate, comes through TLS (a certificate of his own would end there, which <c>security-tls</c> cannot tell
/// from a broken node) and is refused by the session's opening.
/// </summary>
internal sealed class NoKeyCheck() : RefusedCredentialCheck(
    "security-no-key", "A session without key and client certificate is refused, in v1 and v3", "without a key", _ => "");
