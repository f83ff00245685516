using Microsoft.AspNetCore.Http;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Security;

/// <summary>Finds out who makes a request: a bearer token, and on top of it impersonation (<c>kubectl --as</c>).</summary>
internal sealed class Authenticator(TokenAuthority tokens, Authorizer authorizer)
{
    private const string Bearer = "Bearer ";

    // Browser-style clients cannot set headers on a WebSocket and send the token as a protocol name.
    private const string TokenProtocol = "base64url.bearer.authorization.k8s.io.";

    /// <exception cref="ApiStatusException">The token is not valid (Unauthorized), or the user may not impersonate (Forbidden).</exception>
    public ApiUser Authenticate(HttpContext context)
    {
        var header = context.Request.Headers.Authorization.ToString();
        ApiUser user;
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            user = tokens.Verify(header[Bearer.Length..].Trim()) ?? throw Unauthorized();
        }
        else if (header.Length > 0)
        {
            throw Unauthorized();
        }
        else
        {
            user = FromProtocol(context) ?? ApiUser.Anonymous;
        }
        return Impersonated(context, user);
    }

    private ApiUser? FromProtocol(HttpContext context)
    {
        var protocol = context.Request.Headers.SecWebSocketProtocol.ToString().Split(',', StringSplitOptions.TrimEntries)
            .FirstOrDefault(static p => p.StartsWith(TokenProtocol, StringComparison.Ordinal));
        return protocol is null ? null
            : System.Buffers.Text.Base64Url.IsValid(protocol.AsSpan(TokenProtocol.Length))
            && tokens.Verify(System.Text.Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(protocol.AsSpan(TokenProtocol.Length)))) is { } user
                ? user
                : throw Unauthorized();
    }

    private ApiUser Impersonated(HttpContext context, ApiUser user)
    {
        var name = context.Request.Headers["Impersonate-User"].ToString();
        if (name.Length == 0)
        {
            return user;
        }
        var groups = context.Request.Headers["Impersonate-Group"].OfType<string>().ToList();
        Require(user, "users", name);
        foreach (var group in groups)
        {
            Require(user, "groups", group);
        }
        if (groups.Count == 0 && name.Split(':') is ["system", "serviceaccount", var ns, _])
        {
            groups = ["system:serviceaccounts", "system:serviceaccounts:" + ns];
        }
        return new(name, name == ApiUser.Anonymous.Name || groups.Contains("system:authenticated") ? groups : [.. groups, "system:authenticated"]);
    }

    private void Require(ApiUser user, string resource, string name)
    {
        var access = new AccessRequest("impersonate", "", resource, "", "", name);
        if (authorizer.Allows(user, access) is null)
        {
            throw access.Refusal(user);
        }
    }

    private static ApiStatusException Unauthorized() => new(401, "Unauthorized", "Unauthorized");
}
