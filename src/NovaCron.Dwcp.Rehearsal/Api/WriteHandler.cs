using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Admission;
using NovaCron.Dwcp.Rehearsal.Patches;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Storage;
using NovaCron.Dwcp.Rehearsal.Tables;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>create, update and patch of objects and of their status.</summary>
internal sealed class WriteHandler(ApiContext api)
{
    // A patch without a revision of its own is tried again when another writer was faster; the real server gives up after five times.
    private const int PatchAttempts = 5;

    private const string JsonPatchMedia = "application/json-patch+json";
    private const string MergePatchMedia = "application/merge-patch+json";
    private const string StrategicPatchMedia = "application/strategic-merge-patch+json";
    private const string ApplyPatchMedia = "application/apply-patch+yaml";

    public async Task CreateAsync(ApiRequest request, ResourceType type)
    {
        var document = await ReadObjectAsync(request, type).ConfigureAwait(false);
        CheckNamespace(request, type, document);
        document.Metadata().Remove("managedFields");
        await RespondAsync(request, type, 201, Create(request, type, document, ownership: null)).ConfigureAwait(false);
    }

    public async Task UpdateAsync(ApiRequest request, ResourceType type)
    {
        var status = StatusOnly(request, type);
        var document = await ReadObjectAsync(request, type).ConfigureAwait(false);
        var path = request.Path;
        CheckNamespace(request, type, document);
        if (document.Name() != path.Name)
        {
            throw ApiStatusException.BadRequest(
                document.Name().Length == 0
                    ? "name must be provided"
                    : $"the name of the object ({document.Name()}) does not match the name on the URL ({path.Name})");
        }
        var live = api.Store.Get(type, path.Namespace, path.Name) ?? throw ApiStatusException.NotFound(type, path.Name);
        if (type.IsCustom && document.ResourceVersion().Length == 0)
        {
            throw ApiStatusException.Invalid(
                type, path.Name, [new("FieldValueInvalid", "Invalid value: 0: must be specified for an update", "metadata.resourceVersion")]);
        }
        var stored = Replace(request, type, live, document, status, recordOwnership: true);
        await RespondAsync(request, type, 200, stored).ConfigureAwait(false);
    }

    public async Task PatchAsync(ApiRequest request, ResourceType type)
    {
        var media = (request.Http.Request.ContentType ?? "").Split(';', 2)[0].Trim().ToLowerInvariant();
        var status = StatusOnly(request, type);
        if (media == ApplyPatchMedia)
        {
            await ApplyAsync(request, type, status).ConfigureAwait(false);
            return;
        }
        if (media is not (JsonPatchMedia or MergePatchMedia) && (media != StrategicPatchMedia || type.IsCustom))
        {
            throw ApiStatusException.UnsupportedMediaType(
                string.Join(", ", type.IsCustom
                    ? [JsonPatchMedia, MergePatchMedia, ApplyPatchMedia]
                    : (string[])[JsonPatchMedia, MergePatchMedia, StrategicPatchMedia, ApplyPatchMedia]));
        }
        var patch = RequestBody.ParseJson(await request.ReadBytesAsync().ConfigureAwait(false));
        await RespondAsync(request, type, 200, Patched(request, type, media, patch, status)).ConfigureAwait(false);
    }

    private JsonObject Patched(ApiRequest request, ResourceType type, string media, JsonNode? patch, bool status)
    {
        var path = request.Path;
        for (var attempt = 1; ; attempt++)
        {
            var live = api.Store.Get(type, path.Namespace, path.Name) ?? throw ApiStatusException.NotFound(type, path.Name);
            var patched = Transform(type, media, patch, live);
            var changesRevision = patched.ResourceVersion() != live.ResourceVersion();
            Decode(request, type, patched);
            CheckIdentity(type, live, patched);
            try
            {
                return Replace(request, type, live, patched, status, recordOwnership: true);
            }
            catch (ApiStatusException e) when (e.Reason == "Conflict" && !changesRevision && attempt < PatchAttempts)
            {
                // Another writer was faster; the patch still means the same.
            }
        }
    }

    private JsonObject Transform(ResourceType type, string media, JsonNode? patch, JsonObject live)
    {
        if (media == JsonPatchMedia)
        {
            return JsonPatch.Apply(live, patch as JsonArray ?? throw ApiStatusException.BadRequest(
                "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"));
        }
        var part = patch as JsonObject ?? throw ApiStatusException.BadRequest(
            "error decoding patch: json: cannot unmarshal a value that is no object into Go value of type map[string]interface {}");
        var result = (JsonObject)live.DeepClone();
        if (media == StrategicPatchMedia)
        {
            StrategicMergePatch.Apply(api.Schemas.Find(type), result, part);
        }
        else
        {
            MergePatch.Apply(result, part);
        }
        return result;
    }

    private async Task ApplyAsync(ApiRequest request, ResourceType type, bool status)
    {
        if (string.IsNullOrEmpty(request.Query("fieldManager")))
        {
            throw new ApiStatusException(422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch")
            {
                Group = "meta.k8s.io", ObjectKind = "PatchOptions",
                Causes = [new("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")],
            };
        }
        var applied = await request.ReadDocumentAsync().ConfigureAwait(false) as JsonObject
            ?? throw ApiStatusException.BadRequest("error decoding YAML: the document is not an object");
        CheckKind(type, applied);
        var path = request.Path;
        if (applied.Name().Length > 0 && applied.Name() != path.Name)
        {
            throw ApiStatusException.BadRequest($"the name of the object ({applied.Name()}) does not match the name on the URL ({path.Name})");
        }
        CheckNamespace(request, type, applied);
        if (applied.At("metadata.managedFields") is not null)
        {
            throw ApiStatusException.BadRequest("metadata.managedFields must be nil");
        }
        applied.Metadata()["name"] = path.Name;
        var schema = api.Schemas.Find(type);
        AppliedDocument.Check(type, schema, applied, path.Namespace);
        var asked = applied.ResourceVersion();
        StripForApply(type, applied, status);
        for (var attempt = 1; ; attempt++)
        {
            var live = api.Store.Get(type, path.Namespace, path.Name);
            if (live is null && (status || asked.Length > 0 || applied.Uid().Length > 0))
            {
                throw ApiStatusException.NotFound(type, path.Name);
            }
            if (live is not null && asked.Length > 0 && asked != live.ResourceVersion())
            {
                throw ApiStatusException.Modified(type, path.Name);
            }
            var ownership = FieldOwnership.Of(type, schema, live, api.Store.Clock.GetUtcNow(), status);
            var manager = new FieldManager(request.Query("fieldManager")!, FieldManager.Apply, type.ApiVersion, request.Path.Subresource);
            var merged = ownership.Apply(manager, live, applied, request.Flag("force"));
            try
            {
                if (live is null)
                {
                    await RespondAsync(request, type, 201, Create(request, type, merged, ownership)).ConfigureAwait(false);
                }
                else
                {
                    var stored = Replace(request, type, live, merged, status, recordOwnership: false);
                    await RespondAsync(request, type, 200, stored).ConfigureAwait(false);
                }
                return;
            }
            catch (ApiStatusException e) when (
                attempt < PatchAttempts && asked.Length == 0 && !request.Http.Response.HasStarted
                && ((e.Reason == "Conflict" && live is not null) || (e.Reason == "AlreadyExists" && live is null)))
            {
                // Another writer was faster; what is applied still means the same.
            }
        }
    }

    private static void StripForApply(ResourceType type, JsonObject applied, bool status)
    {
        var metadata = applied.Metadata();
        foreach (var field in (string[])["resourceVersion", "uid", "creationTimestamp", "generation", "selfLink", "deletionTimestamp"])
        {
            metadata.Remove(field);
        }
        if (status)
        {
            foreach (var field in applied.Select(static p => p.Key).Where(static k => k is not ("apiVersion" or "kind" or "metadata" or "status")).ToList())
            {
                applied.Remove(field);
            }
            metadata.Remove("labels");
            metadata.Remove("annotations");
        }
        else if (type.HasStatus)
        {
            applied.Remove("status");
        }
    }

    private JsonObject Create(ApiRequest request, ResourceType type, JsonObject document, FieldOwnership? ownership)
    {
        if (type.Namespaced)
        {
            document.Metadata()["namespace"] = request.Path.Namespace;
        }
        document["apiVersion"] = type.ApiVersion;
        document["kind"] = type.Kind;
        if (type.HasStatus && type != ResourceTypes.Nodes)
        {
            document.Remove("status");
        }
        api.Admission.Prepare(type, document, null);
        if (ownership is null)
        {
            var manager = new FieldManager(request.FieldManagerName, FieldManager.Update, type.ApiVersion, "");
            FieldOwnership.Of(type, api.Schemas.Find(type), null, api.Store.Clock.GetUtcNow(), false).RecordUpdate(manager, null, document);
        }
        Admit(request, new(
            AdmissionOperation.Create, type, "", request.User, request.Path.Namespace, document.Name(), document, null, request.DryRun));
        return api.Store.Create(type, document, request.DryRun);
    }

    private JsonObject Replace(ApiRequest request, ResourceType type, JsonObject live, JsonObject document, bool status, bool recordOwnership)
    {
        var subresource = status ? request.Path.Subresource : "";
        document["apiVersion"] = type.ApiVersion;
        document["kind"] = type.Kind;
        if (status)
        {
            // Everything but the status is as it is, whatever the client sent.
            var revision = document.ResourceVersion();
            var managers = document.At("metadata.managedFields")?.DeepClone();
            var (sent, whole) = (document["status"]?.DeepClone(), (JsonObject)live.DeepClone());
            whole.Remove("status");
            if (sent is not null)
            {
                whole["status"] = sent;
            }
            whole.Metadata()["resourceVersion"] = revision;
            whole.Metadata()["managedFields"] = managers;
            document = whole;
        }
        else
        {
            api.Admission.Prepare(type, document, live);
        }
        var complete = api.Store.Preview(type, document, live, status);
        if (recordOwnership)
        {
            var manager = new FieldManager(request.FieldManagerName, FieldManager.Update, type.ApiVersion, subresource);
            // A client may rewrite managedFields (kubectl does when it migrates to server-side apply); without any, the stored ones count.
            var owned = complete.At("metadata.managedFields") is JsonArray { Count: > 0 } ? complete : live;
            FieldOwnership.Of(type, api.Schemas.Find(type), owned, api.Store.Clock.GetUtcNow(), status).RecordUpdate(manager, live, complete);
        }
        Admit(request, new(
            AdmissionOperation.Update, type, subresource, request.User, request.Path.Namespace, live.Name(), complete, live, request.DryRun));
        // Between read and write nobody else may have written, or the checks above were made on something else.
        complete.Metadata()["resourceVersion"] = document.ResourceVersion() is { Length: > 0 } asked ? asked : live.ResourceVersion();
        return status ? api.Store.UpdateStatus(type, complete, request.DryRun) : api.Store.Update(type, complete, request.DryRun);
    }

    private void Admit(ApiRequest request, AdmissionRequest write)
    {
        foreach (var warning in api.Admission.Check(write))
        {
            Responses.Warn(request.Http, warning);
        }
    }

    private async Task<JsonObject> ReadObjectAsync(ApiRequest request, ResourceType type)
    {
        var duplicates = new List<string>();
        var document = await request.ReadDocumentAsync(duplicates).ConfigureAwait(false) as JsonObject ?? throw ApiStatusException.BadRequest(
            "the object provided is unrecognized (must be of type " + type.Kind + "): the body is empty or no object");
        CheckKind(type, document);
        Decode(request, type, document, duplicates);
        return document;
    }

    private void Decode(ApiRequest request, ResourceType type, JsonObject document, List<string>? duplicates = null)
    {
        var validation = request.Query("fieldValidation") is { Length: > 0 } asked ? asked : "Warn";
        IReadOnlyList<DecodeFinding> unknown;
        try
        {
            unknown = TypedDecoder.Decode(api.Schemas.Find(type), document);
        }
        catch (FormatException e)
        {
            throw ApiStatusException.BadRequest($"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {e.Message}");
        }
        var findings = (duplicates ?? []).Select(static d => $"duplicate field \"{d}\"").Concat(unknown.Select(static f => f.Text)).ToList();
        switch (validation)
        {
            case "Strict" when findings.Count > 0:
                var error = "strict decoding error: " + string.Join(", ", findings);
                throw ApiStatusException.BadRequest(
                    type.IsCustom ? error : $"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: {error}");
            case "Strict" or "Ignore":
                break;
            case "Warn":
                foreach (var finding in findings)
                {
                    Responses.Warn(request.Http, finding);
                }
                break;
            default:
                throw ApiStatusException.BadRequest($"fieldValidation: Unsupported value: \"{validation}\": supported values: \"Ignore\", \"Strict\", \"Warn\"");
        }
    }

    private static bool StatusOnly(ApiRequest request, ResourceType type) => request.Path.Subresource switch
    {
        "" => false,
        "status" when type.HasStatus => true,
        _ => throw ApiStatusException.NoSuchPath(),
    };

    private static void CheckKind(ResourceType type, JsonObject document)
    {
        var (version, kind) = (document.Text("apiVersion"), document.Text("kind"));
        if (version is not null && version != type.ApiVersion)
        {
            throw ApiStatusException.BadRequest($"the API version in the data ({version}) does not match the expected API version ({type.ApiVersion})");
        }
        if (kind is not null && kind != type.Kind)
        {
            throw ApiStatusException.BadRequest(
                $"{kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: no kind \"{kind}\" is registered for this resource");
        }
        if (type.IsCustom && (version is null || kind is null))
        {
            throw ApiStatusException.BadRequest("Object 'Kind' is missing in '" + document.ToJsonString() + "'");
        }
        if (document["metadata"] is not (null or JsonObject))
        {
            throw ApiStatusException.BadRequest(
                $"{type.Kind} in version \"{type.Version}\" cannot be handled as a {type.Kind}: json: cannot unmarshal into Go struct field {type.Kind}.metadata of type v1.ObjectMeta");
        }
    }

    private static void CheckNamespace(ApiRequest request, ResourceType type, JsonObject document)
    {
        var given = document.Namespace();
        if (type.Namespaced && given.Length > 0 && given != request.Path.Namespace)
        {
            throw ApiStatusException.BadRequest(
                "the namespace of the provided object does not match the namespace sent on the request");
        }
        if (type.Namespaced)
        {
            document.Metadata()["namespace"] = request.Path.Namespace;
        }
    }

    private static void CheckIdentity(ResourceType type, JsonObject live, JsonObject patched)
    {
        if (patched["metadata"] is not JsonObject || patched.Name() != live.Name() || patched.Namespace() != live.Namespace())
        {
            throw ApiStatusException.BadRequest(
                patched.Name() != live.Name()
                    ? $"the name of the object ({patched.Name()}) does not match the name on the URL ({live.Name()})"
                    : "the namespace of the provided object does not match the namespace sent on the request");
        }
        CheckKind(type, patched);
    }

    private Task RespondAsync(ApiRequest request, ResourceType type, int code, JsonObject stored) => Responses.WriteAsync(
        request.Http, code,
        TableFormat.Asked(request.Http) is { } format
            ? api.TableOf(type, [stored], format, long.TryParse(stored.ResourceVersion(), out var revision) ? revision : 0)
            : stored);
}
