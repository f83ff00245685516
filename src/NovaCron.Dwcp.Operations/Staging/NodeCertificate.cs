using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>The nodes' TLS certificate and the small CA that issues it (ECDSA P-256).</summary>
internal static class NodeCertificate
{
    private static readonly TimeSpan AuthorityLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan LeafLifetime = TimeSpan.FromDays(365);

    /// <summary>Clocks differ: a certificate is valid from a little before now.</summary>
    private static readonly TimeSpan Backdate = TimeSpan.FromMinutes(10);

    public static (string Certificate, string Key) CreateAuthority(string name, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(now - Backdate, now + AuthorityLifetime);
        return (certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Issues a server certificate; the PEM holds the leaf and then its CA.</summary>
    public static (string Chain, string Key) Issue(string authorityCertificate, string authorityKey, IReadOnlyList<string> dnsNames, DateTimeOffset now)
    {
        using var authority = X509Certificate2.CreateFromPem(authorityCertificate, authorityKey);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={dnsNames[0]}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in dnsNames)
            names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        // Nodes relay to each other, so that the certificate serves on both sides.
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var notAfter = now + LeafLifetime < authority.NotAfter ? now + LeafLifetime : new DateTimeOffset(authority.NotAfter);
        using var certificate = request.Create(authority, now - Backdate, notAfter, RandomNumberGenerator.GetBytes(16));
        return (certificate.ExportCertificatePem() + "\n" + authority.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>Key and certificate belong together, the CA issued it for the name, and it is valid until the given time.</summary>
    public static bool IsUsable(string? chain, string? key, string? authority, string dnsName, DateTimeOffset until)
    {
        if (string.IsNullOrWhiteSpace(chain) || string.IsNullOrWhiteSpace(key) || string.IsNullOrWhiteSpace(authority))
            return false;
        try
        {
            using var leaf = X509Certificate2.CreateFromPem(chain, key);
            return leaf.NotAfter.ToUniversalTime() > until.UtcDateTime && leaf.MatchesHostname(dnsName) && Chains(leaf, chain, authority, until);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Not a certificate, or not its key: it is issued again.
            return false;
        }
    }

    public static bool IsUsableAuthority(string? certificate, string? key, DateTimeOffset until)
    {
        if (string.IsNullOrWhiteSpace(certificate) || string.IsNullOrWhiteSpace(key))
            return false;
        try
        {
            using var authority = X509Certificate2.CreateFromPem(certificate, key);
            return authority.NotAfter.ToUniversalTime() > until.UtcDateTime
                && authority.Extensions.OfType<X509BasicConstraintsExtension>().Any(e => e.CertificateAuthority);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Does the first certificate of a PEM chain lead to one of the authorities?</summary>
    public static bool Chains(X509Certificate2 leaf, string chainPem, string authorityPem, DateTimeOffset at)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(authorityPem);
        chain.ChainPolicy.ExtraStore.ImportFromPem(chainPem);
        return chain.Build(leaf);
    }
}
