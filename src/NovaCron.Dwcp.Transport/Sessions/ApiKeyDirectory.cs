using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>
/// Principals from a file of lines <c>&lt;principal&gt; &lt;base64url of SHA-256 of the key&gt;</c>; keys themselves are never kept.
/// A client certificate belongs to the principal that its subject's common name names, if that principal has a line.
/// </summary>
public sealed class ApiKeyDirectory : IPrincipalDirectory
{
    private readonly (string Principal, byte[] Hash)[] _entries;

    private ApiKeyDirectory((string, byte[])[] entries) => _entries = entries;

    /// <summary>Names of the principals, in the order of the file.</summary>
    public IReadOnlyList<string> Principals => [.. _entries.Select(e => e.Principal).Distinct()];

    /// <summary>Reads the lines; empty ones and those that begin with # are skipped.</summary>
    /// <exception cref="FormatException">A line is not a principal and a hash; the message has the line's number, not its text.</exception>
    public static ApiKeyDirectory Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var entries = new List<(string, byte[])>();
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            var parts = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 2 || !PrincipalName.IsValid(parts[0]) || !TryDecode(parts[1], out var hash))
                throw new FormatException($"Line {number} of the API keys is not '<principal> <base64url of the key's SHA-256>'. Write it again, e.g. with New-DwcpStaging.");
            entries.Add((parts[0], hash));
        }

        return new ApiKeyDirectory([.. entries]);
    }

    /// <summary>The line that grants <paramref name="apiKey"/> to <paramref name="principal"/>.</summary>
    public static string FormatLine(string principal, string apiKey)
    {
        var text = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(apiKey)));
        return $"{principal} {text.TrimEnd('=').Replace('+', '-').Replace('/', '_')}";
    }

    /// <inheritdoc/>
    public string? FindByApiKey(string apiKey)
    {
        ArgumentNullException.ThrowIfNull(apiKey);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(apiKey), hash);
        string? found = null;
        // Every entry is compared, whatever was found: the time must not tell which.
        foreach (var (principal, expected) in _entries)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, expected)) found ??= principal;
        }

        return found;
    }

    /// <inheritdoc/>
    public string? FindByCertificate(X509Certificate2 certificate)
    {
        ArgumentNullException.ThrowIfNull(certificate);
        var name = certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        return _entries.Any(e => e.Principal == name) ? name : null;
    }

    private static bool TryDecode(string text, out byte[] hash)
    {
        var base64 = text.Replace('-', '+').Replace('_', '/');
        hash = new byte[48];
        if (!Convert.TryFromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '='), hash, out var written) || written != SHA256.HashSizeInBytes) return false;
        hash = hash[..written];
        return true;
    }
}
