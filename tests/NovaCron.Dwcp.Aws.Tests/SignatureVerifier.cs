using System.Security.Cryptography;
using System.Text;

namespace NovaCron.Dwcp.Aws.Tests;

/// <summary>What AWS does with a signature: recomputes it from what arrived. Written from the specification, not from our signer.</summary>
internal static class SignatureVerifier
{
    public static bool IsValid(string method, Uri uri, IReadOnlyDictionary<string, string> headers, string payloadHash, string secret)
    {
        var query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Contains('=') ? p : p + "=").ToList();
        string credential, names, given, time;
        if (headers.TryGetValue("authorization", out var authorization))
        {
            var fields = authorization["AWS4-HMAC-SHA256 ".Length..].Split(',').Select(f => f.Trim().Split('=', 2)).ToDictionary(f => f[0], f => f[1]);
            (credential, names, given, time) = (fields["Credential"], fields["SignedHeaders"], fields["Signature"], headers["x-amz-date"]);
        }
        else
        {
            string Parameter(string name) => Uri.UnescapeDataString(query.Single(q => q.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..]);
            (credential, names, given, time) = (Parameter("X-Amz-Credential"), Parameter("X-Amz-SignedHeaders"), Parameter("X-Amz-Signature"), Parameter("X-Amz-Date"));
            query.RemoveAll(q => q.StartsWith("X-Amz-Signature=", StringComparison.Ordinal));
        }

        query.Sort(StringComparer.Ordinal);
        var scope = credential.Split('/')[1..];
        var canonical = new StringBuilder().Append(method).Append('\n').Append(uri.AbsolutePath).Append('\n').AppendJoin('&', query).Append('\n');
        foreach (var name in names.Split(';'))
            canonical.Append(name).Append(':').Append(headers[name].Trim()).Append('\n');
        canonical.Append('\n').Append(names).Append('\n').Append(payloadHash);
        var text = $"AWS4-HMAC-SHA256\n{time}\n{string.Join('/', scope)}\n{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString()))).ToLowerInvariant()}";
        byte[] Mac(byte[] key, string data) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(data));
        var signing = scope.Aggregate(Encoding.UTF8.GetBytes("AWS4" + secret), Mac);
        return Convert.ToHexString(Mac(signing, text)).ToLowerInvariant() == given;
    }
}
