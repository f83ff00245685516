using System.Security.Cryptography.X509Certificates;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Maps a credential to the principal that owns stores and quotas. Thread-safe; must not block for long.</summary>
public interface IPrincipalDirectory
{
    /// <summary>The principal of an API key, or null. Compare in constant time.</summary>
    string? FindByApiKey(string apiKey);

    /// <summary>The principal of a client certificate whose chain was already verified, or null.</summary>
    string? FindByCertificate(X509Certificate2 certificate);
}
