using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Security;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>Questions about identity and access, which are answered and not stored.</summary>
internal sealed class ReviewHandler(ApiContext api)
{
    public async Task CreateAsync(ApiRequest request, ResourceType type)
    {
        var review = await request.ReadDocumentAsync().ConfigureAwait(false) as JsonObject
            ?? throw ApiStatusException.BadRequest($"the body must be a {type.Kind}");
        review["apiVersion"] = type.ApiVersion;
        review["kind"] = type.Kind;
        review.Metadata()["creationTimestamp"] = JsonDocuments.Timestamp(api.Store.Clock.GetUtcNow());
        review["status"] = type.Kind switch
        {
            "SelfSubjectReview" => new JsonObject { ["userInfo"] = Describe(request.User) },
            "TokenReview" => Token(review.Child("spec")),
            "SelfSubjectAccessReview" => Access(request.User, review.Child("spec")),
            "SubjectAccessReview" or "LocalSubjectAccessReview" => Access(SubjectOf(review.Child("spec")), review.Child("spec")),
            _ => Rules(request.User, review.Child("spec").Text("namespace") ?? ""),
        };
        await Responses.WriteAsync(request.Http, 201, review).ConfigureAwait(false);
    }

    /// <summary>A user as <c>userInfo</c> and admission policies see it.</summary>
    public static JsonObject Describe(ApiUser user)
    {
        var info = new JsonObject { ["username"] = user.Name, ["groups"] = new JsonArray([.. user.Groups.Select(static g => (JsonNode)g)]) };
        if (user.Uid.Length > 0)
        {
            info["uid"] = user.Uid;
        }
        if (user.Extra.Count > 0)
        {
            info["extra"] = new JsonObject(user.Extra.Select(static e =>
                KeyValuePair.Create(e.Key, (JsonNode?)new JsonArray([.. e.Value.Select(static v => (JsonNode)v)]))));
        }
        return info;
    }

    private JsonObject Token(JsonObject spec)
    {
        var audiences = spec["audiences"].Texts().ToList();
        foreach (var audience in audiences.DefaultIfEmpty(TokenAuthority.ApiAudience))
        {
            if (api.Tokens.Verify(spec.Text("token") ?? "", audience) is { } user)
            {
                return new() { ["authenticated"] = true, ["user"] = Describe(user), ["audiences"] = new JsonArray(audience) };
            }
        }
        return new() { ["authenticated"] = false, ["user"] = new JsonObject(), ["error"] = "[invalid bearer token]" };
    }

    private JsonObject Access(ApiUser user, JsonObject spec)
    {
        AccessRequest asked;
        if (spec["resourceAttributes"] is JsonObject resource)
        {
            string Of(string key) => resource.Text(key) ?? "";
            asked = new(Of("verb"), Of("group"), Of("resource"), Of("subresource"), Of("namespace"), Of("name"));
        }
        else if (spec["nonResourceAttributes"] is JsonObject path)
        {
            asked = new(path.Text("verb") ?? "", "", "", "", "", "") { Path = path.Text("path") ?? "" };
        }
        else
        {
            throw ApiStatusException.BadRequest("exactly one of nonResourceAttributes or resourceAttributes must be specified");
        }
        var reason = api.Authorizer.Allows(user, asked);
        var status = new JsonObject { ["allowed"] = reason is not null };
        if (reason is { Length: > 0 })
        {
            status["reason"] = reason;
        }
        return status;
    }

    private JsonObject Rules(ApiUser user, string ns)
    {
        IReadOnlyList<JsonObject> rules = user.Groups.Contains(ApiUser.Masters)
            ? [new() { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") },
                new() { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") }]
            : [.. api.Authorizer.RulesFor(user, ns)];
        return new()
        {
            ["resourceRules"] = new JsonArray([.. rules.Where(static r => r["resources"] is not null).Select(static r => r.DeepClone())]),
            ["nonResourceRules"] = new JsonArray([.. rules.Where(static r => r["nonResourceURLs"] is not null).Select(static r => r.DeepClone())]),
            ["incomplete"] = false,
        };
    }

    private static ApiUser SubjectOf(JsonObject spec) => new(spec.Text("user") ?? "", [.. spec["groups"].Texts()]) { Uid = spec.Text("uid") ?? "" };
}
