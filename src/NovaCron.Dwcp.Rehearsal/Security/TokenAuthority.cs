using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Security;

/// <summary>Bearer tokens: random ones of people, and signed ones (JWT, ES256) of service accounts that end with their account or pod.</summary>
public sealed class TokenAuthority : IDisposable
{
    /// <summary>Audience of tokens for the API itself.</summary>
    public const string ApiAudience = "https://kubernetes.default.svc.cluster.local";

    private readonly ClusterStore _store;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    // By hash, so that finding a token takes no time that depends on how much of it was guessed.
    private readonly ConcurrentDictionary<string, ApiUser> _people = new(StringComparer.Ordinal);

    /// <summary>Creates an authority that looks accounts and pods up in <paramref name="store"/>.</summary>
    public TokenAuthority(ClusterStore store) => _store = store;

    /// <summary>A new random token of a person.</summary>
    public string IssueFor(ApiUser user)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _people[HashOf(token)] = user;
        return token;
    }

    /// <summary>A signed token of a service account.</summary>
    /// <param name="ns">Namespace of the account.</param>
    /// <param name="name">Name of the account.</param>
    /// <param name="lifetime">How long it is valid.</param>
    /// <param name="audiences">For whom; empty for the API itself.</param>
    /// <param name="pod">Pod to which it is bound.</param>
    /// <exception cref="ApiStatusException">Account or pod do not exist (NotFound).</exception>
    public ServiceAccountToken IssueForServiceAccount(
        string ns, string name, TimeSpan lifetime, IReadOnlyList<string> audiences, string? pod = null)
    {
        var account = _store.Find(ResourceTypes.ServiceAccounts, ns, name) ?? throw ApiStatusException.NotFound(ResourceTypes.ServiceAccounts, name);
        var (now, id) = (_store.Clock.GetUtcNow(), Guid.NewGuid().ToString());
        var expires = now + lifetime;
        var bound = new JsonObject
        {
            ["namespace"] = ns,
            ["serviceaccount"] = new JsonObject { ["name"] = name, ["uid"] = account.Document.Uid() },
        };
        if (pod is not null)
        {
            var stored = _store.Find(ResourceTypes.Pods, ns, pod) ?? throw ApiStatusException.NotFound(ResourceTypes.Pods, pod);
            bound["pod"] = new JsonObject { ["name"] = pod, ["uid"] = stored.Document.Uid() };
        }
        var claims = new JsonObject
        {
            ["aud"] = new JsonArray([.. (audiences.Count > 0 ? audiences : [ApiAudience]).Select(static a => (JsonNode)a)]),
            ["exp"] = expires.ToUnixTimeSeconds(),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["iss"] = ApiAudience,
            ["jti"] = id,
            ["kubernetes.io"] = bound,
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["sub"] = $"system:serviceaccount:{ns}:{name}",
        };
        var signed = Encode(new JsonObject { ["alg"] = "ES256", ["typ"] = "JWT" }) + "." + Encode(claims);
        var signature = _key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256);
        return new(signed + "." + Base64Url.EncodeToString(signature), expires);
    }

    /// <summary>Who holds a token, or <c>null</c> when it is unknown, forged, expired, for somebody else, or its account or pod is gone.</summary>
    /// <param name="token">The token.</param>
    /// <param name="audience">For whom it must be; <c>null</c> for the API itself.</param>
    public ApiUser? Verify(string token, string? audience = null)
    {
        if (_people.TryGetValue(HashOf(token), out var person))
        {
            return person;
        }
        var parts = token.Split('.');
        if (parts.Length != 3 || !TryDecode(parts[2], out var signature)
            || !_key.VerifyData(Encoding.ASCII.GetBytes(parts[0] + "." + parts[1]), signature, HashAlgorithmName.SHA256)
            || !TryDecode(parts[1], out var payload) || JsonNode.Parse(payload) is not JsonObject claims)
        {
            return null;
        }
        var now = _store.Clock.GetUtcNow().ToUnixTimeSeconds();
        if (claims.Integer("exp") <= now || claims.Integer("nbf") > now || !claims["aud"].Texts().Contains(audience ?? ApiAudience))
        {
            return null;
        }
        var bound = claims.Child("kubernetes.io");
        var (ns, account) = (bound.Text("namespace") ?? "", bound.Child("serviceaccount"));
        if (_store.Find(ResourceTypes.ServiceAccounts, ns, account.Text("name") ?? "")?.Document.Uid() != account.Text("uid"))
        {
            return null;
        }
        var extra = new Dictionary<string, IReadOnlyList<string>> { ["authentication.kubernetes.io/credential-id"] = ["JTI=" + claims.Text("jti")] };
        if (bound["pod"] is JsonObject pod)
        {
            if (_store.Find(ResourceTypes.Pods, ns, pod.Text("name") ?? "")?.Document.Uid() != pod.Text("uid"))
            {
                return null;
            }
            extra["authentication.kubernetes.io/pod-name"] = [pod.Text("name") ?? ""];
            extra["authentication.kubernetes.io/pod-uid"] = [pod.Text("uid") ?? ""];
        }
        return new(claims.Text("sub") ?? "", ["system:serviceaccounts", "system:serviceaccounts:" + ns, "system:authenticated"])
        {
            Uid = account.Text("uid") ?? "", Extra = extra,
        };
    }

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    private static string HashOf(string token) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    private static string Encode(JsonObject part) => Base64Url.EncodeToString(JsonDocuments.Serialize(part));

    private static bool TryDecode(string text, out byte[] bytes)
    {
        bytes = [];
        if (!Base64Url.IsValid(text))
        {
            return false;
        }
        bytes = Base64Url.DecodeFromChars(text);
        return true;
    }
}
