using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NovaCron.Dwcp.Transport.Sessions;

namespace NovaCron.Dwcp.Node.Secrets;

/// <summary>One consistent reading of the mounted Secret dwcp-v3-secrets.</summary>
public sealed class NodeSecrets
{
    private readonly byte[] _diagnosticsKeyHash;

    private NodeSecrets(
        X509Certificate2 certificate, X509Certificate2Collection chain, X509Certificate2Collection roots, ApiKeyDirectory principals,
        byte[] ticketKey, string? redisPassword, byte[] diagnosticsKeyHash, string fingerprint)
    {
        Certificate = certificate;
        Chain = chain;
        Roots = roots;
        Identity = new ServerIdentity(certificate, chain, roots);
        Principals = principals;
        TicketKey = ticketKey;
        OwnApiKey = System.Buffers.Text.Base64Url.EncodeToString(HKDF.DeriveKey(HashAlgorithmName.SHA256, ticketKey, 32, info: "dwcp diagnostics api key"u8.ToArray()));
        RedisPassword = redisPassword;
        _diagnosticsKeyHash = diagnosticsKeyHash;
        Fingerprint = fingerprint;
    }

    /// <summary>The node's certificate with its private key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>Intermediate certificates that are sent along.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>Roots that client certificates must chain to.</summary>
    public X509Certificate2Collection Roots { get; }

    /// <summary>The three above, as the data port shows them.</summary>
    public ServerIdentity Identity { get; }

    /// <summary>Whose keys are valid.</summary>
    public ApiKeyDirectory Principals { get; }

    /// <summary>Key that seals session tickets, 32 bytes, shared by all pods.</summary>
    public byte[] TicketKey { get; }

    /// <summary>API key with which pods test themselves and each other; drawn from <see cref="TicketKey"/> (HKDF, RFC 5869), so that it is the same in all of them and in no file.</summary>
    internal string OwnApiKey { get; }

    /// <summary>Password of the cache, or null when there is none.</summary>
    public string? RedisPassword { get; }

    /// <summary>Changes with any of the files; tells readings apart without revealing anything.</summary>
    public string Fingerprint { get; }

    /// <summary>Compares in constant time; hashing first makes the lengths equal.</summary>
    public bool IsDiagnosticsKey(string? presented) =>
        presented is not null && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(presented)), _diagnosticsKeyHash);

    /// <summary>Reads and checks every file.</summary>
    /// <param name="directory">Where the Secret is mounted.</param>
    /// <exception cref="DwcpNodeException">A file is missing or malformed; the message names the file, never its content.</exception>
    public static NodeSecrets Load(string directory)
    {
        string FileOf(string key) => Path.Combine(directory, key);
        var certificateText = SecretText.Read(FileOf("tls.crt"));
        var keyText = SecretText.Read(FileOf("tls.key"));
        var rootsText = SecretText.Read(FileOf("ca.crt"));
        var apiKeysText = SecretText.Read(FileOf("api-keys"));
        var ticketText = SecretText.Read(FileOf("ticket-key"));
        var diagnosticsText = SecretText.Read(FileOf("diagnostics-key"));
        var redisText = File.Exists(FileOf("redis-password")) ? SecretText.Read(FileOf("redis-password")) : null;

        var (certificate, chain) = LoadCertificate(FileOf("tls.crt"), certificateText, FileOf("tls.key"), keyText);
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPem(rootsText);
        }
        catch (CryptographicException error)
        {
            throw new DwcpNodeException($"{FileOf("ca.crt")} is not a PEM certificate: {error.Message} Create the Secret again (New-DwcpStaging -RotateSecrets).", error);
        }

        if (roots.Count == 0) throw new DwcpNodeException($"{FileOf("ca.crt")} holds no certificate in PEM form. Create the Secret again (New-DwcpStaging -RotateSecrets).");
        ApiKeyDirectory principals;
        try
        {
            principals = ApiKeyDirectory.Parse(apiKeysText);
        }
        catch (FormatException error)
        {
            throw new DwcpNodeException($"{FileOf("api-keys")}: {error.Message}", error);
        }

        if (principals.Principals.Count == 0) throw new DwcpNodeException($"{FileOf("api-keys")} names no principal, so nobody could open a session. Add '<principal> <hash>' lines.");
        var fingerprint = SHA256.HashData(Encoding.UTF8.GetBytes(
            string.Join('\0', certificateText, keyText, rootsText, apiKeysText, ticketText, diagnosticsText, redisText)));
        return new NodeSecrets(
            certificate, chain, roots, principals, DecodeKey(FileOf("ticket-key"), ticketText), redisText,
            SHA256.HashData(Encoding.UTF8.GetBytes(diagnosticsText)), Convert.ToHexStringLower(fingerprint.AsSpan(0, 8)));
    }

    private static (X509Certificate2 Leaf, X509Certificate2Collection Chain) LoadCertificate(string file, string text, string keyFile, string keyText)
    {
        try
        {
            var leaf = X509Certificate2.CreateFromPem(text, keyText);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(text);
            chain.RemoveAt(0);
            return (leaf, chain);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            // The exception's text may quote what it could not parse, so it is not repeated here.
            throw new DwcpNodeException($"{file} and {keyFile} are not a certificate and its private key in PEM form. Create the Secret again (New-DwcpStaging -RotateSecrets).");
        }
    }

    private static byte[] DecodeKey(string file, string text)
    {
        try
        {
            if (System.Buffers.Text.Base64Url.DecodeFromChars(text) is { Length: 32 } key) return key;
        }
        catch (FormatException)
        {
            // The same answer as for a wrong length, below.
        }

        throw new DwcpNodeException($"{file} is not 32 bytes in base64url. Create the Secret again (New-DwcpStaging -RotateSecrets).");
    }
}
