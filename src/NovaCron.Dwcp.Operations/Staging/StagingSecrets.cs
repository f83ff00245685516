using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>
/// The generated secrets: made once, kept across runs, completed where something is missing or about to expire, replaced on request. Nothing
/// here is ever printed; what changed is told by the names of the keys.
/// </summary>
internal sealed class StagingSecrets
{
    /// <summary>A certificate with less than this left is issued again.</summary>
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    private readonly Dictionary<string, string> _secrets;
    private readonly Dictionary<string, string> _authority;
    private readonly Dictionary<string, string> _redis = new(StringComparer.Ordinal);

    private StagingSecrets(Dictionary<string, string> secrets, Dictionary<string, string> authority)
    {
        _secrets = secrets;
        _authority = authority;
    }

    /// <summary>Changes when a pod of the node must restart to use what is in the Secret. Reveals nothing: the inputs have 256 random bits.</summary>
    public string NodeHash => Fingerprint(_secrets);

    public string RedisHash => Fingerprint(_redis);

    /// <param name="secrets">The live Secret dwcp-v3-secrets, or null.</param>
    /// <param name="authority">The live Secret dwcp-v3-ca, or null.</param>
    /// <param name="namespace">Named in the certificate.</param>
    /// <param name="redis">Redis' limits, and whether it keeps what it has.</param>
    /// <param name="rotate">Replace everything but the CA.</param>
    /// <param name="now">For lifetimes.</param>
    public static StagingSecrets Complete(
        JsonObject? secrets, JsonObject? authority, string @namespace, RedisValues redis, bool rotate, DateTimeOffset now)
    {
        var result = new StagingSecrets(rotate ? Keep(Read(secrets), "ca.crt", "api-keys") : Read(secrets), Read(authority));
        result.CompleteCertificate(@namespace, now);
        result.CompleteApiKey(rotate);
        foreach (var key in new[] { "ticket-key", "redis-password", "diagnostics-key" })
        {
            if (string.IsNullOrWhiteSpace(result._secrets.GetValueOrDefault(key)))
                result._secrets[key] = RandomKey();
        }

        result._redis["redis.conf"] = $"""
            # A cache: the oldest entries go first{(redis.Persistent ? ", the rest is there again after a restart" : ", nothing is written to disk")}.
            port 6379
            requirepass {result._secrets["redis-password"]}
            save ""
            appendonly {(redis.Persistent ? "yes" : "no")}
            maxmemory {redis.MaximumMemory}
            maxmemory-policy allkeys-lru
            dir /data

            """;
        return result;
    }

    /// <summary>The Secrets as documents to apply.</summary>
    public IReadOnlyList<JsonObject> Documents(string @namespace)
    {
        var documents = new List<JsonObject>();
        // A certificate that somebody else issued comes without a CA key; then there is no such Secret.
        if (_authority.Count > 0)
            documents.Add(Document(StagingNames.AuthoritySecret, @namespace, "node", _authority));
        documents.Add(Document(StagingNames.Secrets, @namespace, "node", _secrets));
        documents.Add(Document(StagingNames.RedisSecret, @namespace, "redis", _redis));
        return documents;
    }

    /// <summary>Grafana's password: the one that is there, or a new one.</summary>
    public static JsonObject CompleteGrafana(JsonObject? live, string @namespace, bool rotate)
    {
        var values = rotate ? new Dictionary<string, string>(StringComparer.Ordinal) : Read(live);
        if (string.IsNullOrWhiteSpace(values.GetValueOrDefault("admin-password")))
            values["admin-password"] = RandomKey();
        return Document(StagingNames.GrafanaSecret, @namespace, "monitoring", values);
    }

    private void CompleteCertificate(string @namespace, DateTimeOffset now)
    {
        string[] names = ["dwcp-v3", $"dwcp-v3.{@namespace}", $"dwcp-v3.{@namespace}.svc", $"dwcp-v3.{@namespace}.svc.cluster.local", "localhost"];
        if (NodeCertificate.IsUsable(_secrets.GetValueOrDefault("tls.crt"), _secrets.GetValueOrDefault("tls.key"), _secrets.GetValueOrDefault("ca.crt"), names[0], now + RenewBefore))
            return;

        var (certificate, key) = (_authority.GetValueOrDefault("ca.crt"), _authority.GetValueOrDefault("ca.key"));
        if (!NodeCertificate.IsUsableAuthority(certificate, key, now + RenewBefore))
        {
            (certificate, key) = NodeCertificate.CreateAuthority($"DWCP {@namespace}", now);
            _authority["ca.crt"] = certificate;
            _authority["ca.key"] = key;
        }

        (_secrets["tls.crt"], _secrets["tls.key"]) = NodeCertificate.Issue(certificate!, key!, names, now);
        _secrets["ca.crt"] = certificate!;
    }

    private void CompleteApiKey(bool rotate)
    {
        var lines = (_secrets.GetValueOrDefault("api-keys") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToList();
        var key = _secrets.GetValueOrDefault("client-api-key");
        if (!rotate && !string.IsNullOrWhiteSpace(key) && lines.Contains(Line(key.Trim())))
            return;
        key = RandomKey();
        // Other principals keep their keys: they were entered by hand.
        lines.RemoveAll(l => l.StartsWith("default ", StringComparison.Ordinal));
        lines.Insert(0, Line(key));
        _secrets["client-api-key"] = key;
        _secrets["api-keys"] = string.Join('\n', lines) + "\n";

        static string Line(string key) => $"default {Base64Url(SHA256.HashData(Encoding.UTF8.GetBytes(key)))}";
    }

    private static string RandomKey() => Base64Url(RandomNumberGenerator.GetBytes(32));

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private static Dictionary<string, string> Keep(Dictionary<string, string> values, params string[] keys) =>
        values.Where(v => keys.Contains(v.Key)).ToDictionary(v => v.Key, v => v.Value, StringComparer.Ordinal);

    private static Dictionary<string, string> Read(JsonObject? secret)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in secret?["data"] as JsonObject ?? [])
        {
            if (value is not null)
                values[key] = Encoding.UTF8.GetString(Convert.FromBase64String(value.ToString()));
        }

        return values;
    }

    private static string Fingerprint(Dictionary<string, string> values)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (key, value) in values.OrderBy(v => v.Key, StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{key}\0{value.Length}\0{value}\0")));
        return Convert.ToHexString(hash.GetHashAndReset())[..16].ToLowerInvariant();
    }

    private static JsonObject Document(string name, string @namespace, string component, Dictionary<string, string> values) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject
        {
            ["name"] = name,
            ["namespace"] = @namespace,
            ["labels"] = new JsonObject
            {
                ["app.kubernetes.io/name"] = "dwcp-v3",
                ["app.kubernetes.io/part-of"] = "novacron-dwcp",
                ["app.kubernetes.io/component"] = component,
                [StagingNames.ManagedByLabel] = StagingNames.ManagedBy,
            },
        },
        ["type"] = "Opaque",
        ["data"] = new JsonObject(values.OrderBy(v => v.Key, StringComparer.Ordinal)
            .Select(v => KeyValuePair.Create(v.Key, (JsonNode?)Convert.ToBase64String(Encoding.UTF8.GetBytes(v.Value))))),
    };
}
