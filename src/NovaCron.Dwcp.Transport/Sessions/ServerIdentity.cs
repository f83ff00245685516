using System.Security.Cryptography.X509Certificates;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>Who a server shows itself as, and whose client certificates it takes.</summary>
/// <param name="Certificate">Its certificate with the private key.</param>
/// <param name="Chain">Certificates between it and the root, sent along; null or empty for none.</param>
/// <param name="ClientRoots">Roots for client certificates; without any, client certificates are not asked for.</param>
public sealed record ServerIdentity(X509Certificate2 Certificate, X509Certificate2Collection? Chain, X509Certificate2Collection? ClientRoots);
