using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NovaCron.Dwcp.Rehearsal.Security;

/// <summary>The cluster's own certificate authority; its key lives in this process only.</summary>
public sealed class CertificateAuthority : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(30);
    private readonly X509Certificate2 _root;
    private readonly TimeProvider _clock;

    /// <summary>Creates a new authority.</summary>
    public CertificateAuthority(string name, TimeProvider clock)
    {
        _clock = clock;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _root = request.CreateSelfSigned(Start, Start + Lifetime);
    }

    /// <summary>The authority's certificate, PEM.</summary>
    public string CertificatePem => _root.ExportCertificatePem() + "\n";

    // Certificates begin a little in the past: clocks of clients differ.
    private DateTimeOffset Start => _clock.GetUtcNow() - TimeSpan.FromMinutes(5);

    /// <summary>A server certificate for names and addresses, with its private key.</summary>
    public X509Certificate2 IssueServer(string commonName, IEnumerable<string> names, IEnumerable<IPAddress> addresses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=" + commonName, key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            alternatives.AddDnsName(name);
        }
        foreach (var address in addresses)
        {
            alternatives.AddIpAddress(address);
        }
        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_root, true, false));
        var notAfter = Start + Lifetime;
        using var bare = request.Create(
            _root, Start, notAfter > _root.NotAfter ? _root.NotAfter : notAfter, RandomNumberGenerator.GetBytes(16));
        return bare.CopyWithPrivateKey(key);
    }

    /// <inheritdoc/>
    public void Dispose() => _root.Dispose();
}
