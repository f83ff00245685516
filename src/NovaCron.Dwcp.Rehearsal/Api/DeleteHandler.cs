using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Admission;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>delete and deletecollection.</summary>
internal sealed class DeleteHandler(ApiContext api)
{
    // Kinds for which the real server answers with the deleted object instead of a Status.
    private static readonly HashSet<ResourceType> ReturnsObject =
    [
        ResourceTypes.Pods, ResourceTypes.Services, ResourceTypes.ServiceAccounts, ResourceTypes.PersistentVolumeClaims,
        ResourceTypes.PersistentVolumes, ResourceTypes.ResourceQuotas, ResourceTypes.StorageClasses,
    ];

    public async Task DeleteAsync(ApiRequest request, ResourceType type)
    {
        var options = await ReadOptionsAsync(request).ConfigureAwait(false);
        var path = request.Path;
        var deleted = Delete(request, type, path.Namespace, path.Name, options);
        var gone = options.DryRun || api.Store.Find(type, path.Namespace, path.Name)?.Document.Uid() != deleted.Uid();
        var answer = gone && !ReturnsObject.Contains(type) ? Responses.Success(type, deleted) : deleted;
        await Responses.WriteAsync(request.Http, 200, answer).ConfigureAwait(false);
    }

    public async Task DeleteCollectionAsync(ApiRequest request, ResourceType type)
    {
        var options = await ReadOptionsAsync(request).ConfigureAwait(false);
        var selection = Selection.Of(request, api, type);
        var snapshot = api.Store.Snapshot(type, request.Path.Namespace);
        var deleted = new JsonArray();
        foreach (var item in snapshot.Items.Where(i => selection.Matches(i.Document)))
        {
            try
            {
                deleted.Add((JsonNode)Delete(request, type, item.Namespace, item.Name, options));
            }
            catch (ApiStatusException e) when (e.Reason == "NotFound")
            {
                // Somebody else deleted it in the meantime, which is what was asked for.
            }
        }
        await Responses.WriteAsync(request.Http, 200, new JsonObject
        {
            ["kind"] = type.ListKind,
            ["apiVersion"] = type.ApiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = api.Store.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture) },
            ["items"] = deleted,
        }).ConfigureAwait(false);
    }

    /// <summary>Deletes one object on behalf of the request's user.</summary>
    public JsonObject Delete(ApiRequest request, ResourceType type, string ns, string name, DeleteRequest options)
    {
        var live = api.Store.Get(type, ns, name) ?? throw ApiStatusException.NotFound(type, name);
        api.Admission.Check(new(AdmissionOperation.Delete, type, "", request.User, ns, name, null, live, options.DryRun));
        return api.Store.Delete(type, ns, name, options);
    }

    private static async Task<DeleteRequest> ReadOptionsAsync(ApiRequest request)
    {
        var body = await request.ReadDocumentAsync().ConfigureAwait(false) switch
        {
            null => [],
            JsonObject obj => obj,
            _ => throw ApiStatusException.BadRequest("the body of the request must be DeleteOptions"),
        };
        return Options(request, body);
    }

    /// <summary>Reads <c>DeleteOptions</c>, of the body and of the query.</summary>
    public static DeleteRequest Options(ApiRequest request, JsonObject body)
    {
        var policy = body.Text("propagationPolicy") ?? request.Query("propagationPolicy");
        var orphan = body.Boolean("orphanDependents") ?? (request.Query("orphanDependents") is null ? null : request.Flag("orphanDependents"));
        var preconditions = body["preconditions"] as JsonObject;
        var grace = body.Integer("gracePeriodSeconds") ?? request.Number("gracePeriodSeconds");
        if (grace < 0)
        {
            throw new ApiStatusException(
                422, "Invalid", "DeleteOptions.meta.k8s.io \"\" is invalid: gracePeriodSeconds: Invalid value: " + grace + ": must be greater than or equal to 0");
        }
        return new()
        {
            Propagation = policy switch
            {
                "Foreground" => DeletionPropagation.Foreground,
                "Orphan" => DeletionPropagation.Orphan,
                "Background" => DeletionPropagation.Background,
                null or "" => orphan == true ? DeletionPropagation.Orphan : DeletionPropagation.Background,
                _ => throw new ApiStatusException(
                    422, "Invalid",
                    $"DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Unsupported value: \"{policy}\": supported values: \"Background\", \"Foreground\", \"Orphan\""),
            },
            GracePeriodSeconds = grace,
            Uid = preconditions?.Text("uid"),
            ResourceVersion = preconditions?.Text("resourceVersion"),
            DryRun = request.DryRun || body["dryRun"].Texts().Contains("All"),
        };
    }
}
