using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NovaCron.Dwcp.PowerShell.Transfers;

/// <summary>Reads the authorities that a node's certificate is verified against.</summary>
internal static class TransferTrust
{
    /// <param name="pem">One or more certificates in PEM.</param>
    /// <exception cref="ArgumentException">There is no certificate in it.</exception>
    public static X509Certificate2Collection FromPem(string pem)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(pem);
        }
        catch (CryptographicException error)
        {
            throw new ArgumentException($"The certificate authority is not valid PEM: {error.Message}", error);
        }
        return certificates.Count > 0
            ? certificates
            : throw new ArgumentException("The certificate authority holds no certificate. It must be PEM: -----BEGIN CERTIFICATE-----.");
    }
}
