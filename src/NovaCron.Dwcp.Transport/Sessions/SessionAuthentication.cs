namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Turns a credential into a principal; the same for every version.</summary>
public static class SessionAuthentication
{
    /// <summary>The principal of the API key, or of the connection's client certificate when there is no key.</summary>
    /// <exception cref="DwcpTransferException">Neither is known; code <see cref="DwcpErrorCode.NotAuthenticated"/>.</exception>
    public static string Authenticate(ServerSessionContext context, string apiKey)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(apiKey);
        var principal = apiKey.Length > 0
            ? context.Principals.FindByApiKey(apiKey)
            : context.ClientCertificate is { } certificate ? context.Principals.FindByCertificate(certificate) : null;
        if (principal is not null) return principal;
        context.Observer.ConnectionRefused(context.RemoteEndPoint, apiKey.Length > 0 ? "unknown API key" : "no API key, and no known client certificate");
        throw new DwcpTransferException(
            DwcpErrorCode.NotAuthenticated,
            DwcpFault.Client,
            apiKey.Length > 0 ? "The API key is not known here. Check the key, or have its line added to the Secret's api-keys." : "No API key was given, and no client certificate that belongs to a principal.");
    }
}
