using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NovaCron.Dwcp.Aws;

/// <summary>
/// AWS Signature Version 4 for requests without a body. Here because the SDK's own signer is not public and the mirror has no client for EKS. Source:
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
/// </summary>
internal static class SignatureV4
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>SHA-256 of nothing.</summary>
    public const string EmptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    /// <summary>Headers that sign a GET, beside <paramref name="headers"/>: Host, X-Amz-Date, the session's token, Authorization.</summary>
    public static IReadOnlyDictionary<string, string> SignHeaders(Uri uri, IReadOnlyDictionary<string, string> headers, AwsKeys keys, string region, string service, DateTimeOffset now)
    {
        var signed = new Dictionary<string, string>(headers, StringComparer.OrdinalIgnoreCase) { ["Host"] = HostOf(uri), ["X-Amz-Date"] = Time(now) };
        if (keys.SessionToken is { } token)
            signed["X-Amz-Security-Token"] = token;
        var names = Names(signed);
        var signature = Sign(keys, region, service, now, CanonicalRequest(uri.AbsolutePath, Query(uri.Query), signed, EmptyPayload));
        signed["Authorization"] = $"{Algorithm} Credential={keys.AccessKey}/{Scope(region, service, now)}, SignedHeaders={names}, Signature={signature}";
        return signed;
    }

    /// <summary>An address that carries its signature and may be used once it is handed on, for <paramref name="lifetime"/>.</summary>
    public static Uri Presign(
        Uri uri, IReadOnlyDictionary<string, string> headers, AwsKeys keys, string region, string service, DateTimeOffset now, TimeSpan lifetime, string payloadHash = EmptyPayload)
    {
        var signed = new Dictionary<string, string>(headers, StringComparer.OrdinalIgnoreCase) { ["Host"] = HostOf(uri) };
        List<(string Name, string Value)> query =
        [
            .. Query(uri.Query),
            ("X-Amz-Algorithm", Algorithm),
            ("X-Amz-Credential", $"{keys.AccessKey}/{Scope(region, service, now)}"),
            ("X-Amz-Date", Time(now)),
            ("X-Amz-Expires", ((long)lifetime.TotalSeconds).ToString(CultureInfo.InvariantCulture)),
            ("X-Amz-SignedHeaders", Names(signed)),
        ];
        if (keys.SessionToken is { } token)
            query.Add(("X-Amz-Security-Token", token));
        var signature = Sign(keys, region, service, now, CanonicalRequest(uri.AbsolutePath, query, signed, payloadHash));
        return new Uri($"{uri.GetLeftPart(UriPartial.Path)}?{CanonicalQuery(query)}&X-Amz-Signature={signature}");
    }

    private static string CanonicalRequest(string path, IEnumerable<(string Name, string Value)> query, IReadOnlyDictionary<string, string> headers, string payloadHash)
    {
        var canonical = string.Concat(headers.OrderBy(h => h.Key.ToLowerInvariant(), StringComparer.Ordinal).Select(h => $"{h.Key.ToLowerInvariant()}:{h.Value.Trim()}\n"));
        return $"GET\n{path}\n{CanonicalQuery(query)}\n{canonical}\n{Names(headers)}\n{payloadHash}";
    }

    private static string Sign(AwsKeys keys, string region, string service, DateTimeOffset now, string request)
    {
        var text = $"{Algorithm}\n{Time(now)}\n{Scope(region, service, now)}\n{Hex(SHA256.HashData(Encoding.UTF8.GetBytes(request)))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + keys.SecretKey);
        foreach (var part in new[] { Day(now), region, service, "aws4_request" })
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return Hex(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }

    private static string CanonicalQuery(IEnumerable<(string Name, string Value)> query) =>
        string.Join('&', query.Select(q => (Name: Uri.EscapeDataString(q.Name), Value: Uri.EscapeDataString(q.Value)))
            .OrderBy(q => q.Name, StringComparer.Ordinal).ThenBy(q => q.Value, StringComparer.Ordinal).Select(q => $"{q.Name}={q.Value}"));

    private static IEnumerable<(string Name, string Value)> Query(string query) =>
        query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Split('=', 2))
            .Select(p => (Uri.UnescapeDataString(p[0]), p.Length > 1 ? Uri.UnescapeDataString(p[1]) : ""));

    private static string HostOf(Uri uri) => uri.IsDefaultPort ? uri.Host : $"{uri.Host}:{uri.Port.ToString(CultureInfo.InvariantCulture)}";

    private static string Names(IReadOnlyDictionary<string, string> headers) => string.Join(';', headers.Keys.Select(k => k.ToLowerInvariant()).Order(StringComparer.Ordinal));

    private static string Scope(string region, string service, DateTimeOffset now) => $"{Day(now)}/{region}/{service}/aws4_request";

    private static string Day(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    private static string Hex(byte[] bytes) => Convert.ToHexString(bytes).ToLowerInvariant();
}
