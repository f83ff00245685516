using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;
using NovaCron.Dwcp.Rehearsal.Tables;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>get and list, as documents or as tables.</summary>
internal sealed class ReadHandler(ApiContext api)
{
    public Task GetAsync(ApiRequest request, ResourceType type)
    {
        var path = request.Path;
        var stored = api.Store.Find(type, path.Namespace, path.Name) ?? throw ApiStatusException.NotFound(type, path.Name);
        if (TableFormat.Asked(request.Http) is { } format)
        {
            return Responses.WriteAsync(request.Http, 200, api.TableOf(type, [stored.Copy(type)], format, stored.Revision));
        }
        return stored.Resource.ApiVersion == type.ApiVersion
            ? Responses.WriteBytesAsync(request.Http, 200, stored.Utf8, "application/json")
            : Responses.WriteAsync(request.Http, 200, stored.Copy(type));
    }

    public Task ListAsync(ApiRequest request, ResourceType type)
    {
        var selection = Selection.Of(request, api, type);
        var snapshot = api.Store.Snapshot(type, request.Path.Namespace);
        CheckRevision(request, snapshot.Revision);
        var items = snapshot.Items.Where(i => selection.Matches(i.Document)).ToList();
        var (page, next, remaining, revision) = Page(request, items, snapshot.Revision);
        if (TableFormat.Asked(request.Http) is { } format)
        {
            var table = api.TableOf(type, [.. page.Select(i => i.Copy(type))], format, revision);
            AddContinue(table.Metadata(), next, remaining);
            return Responses.WriteAsync(request.Http, 200, table);
        }
        var list = new JsonObject
        {
            ["kind"] = type.ListKind,
            ["apiVersion"] = type.ApiVersion,
            ["metadata"] = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) },
            ["items"] = new JsonArray([.. page.Select(i => i.Copy(type))]),
        };
        AddContinue(list.Metadata(), next, remaining);
        return Responses.WriteAsync(request.Http, 200, list);
    }

    private static void CheckRevision(ApiRequest request, long revision)
    {
        if (request.Query("resourceVersion") is { Length: > 0 } text)
        {
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var asked))
            {
                throw ApiStatusException.BadRequest($"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
            }
            if (asked > revision)
            {
                throw new ApiStatusException(504, "Timeout", $"Too large resource version: {asked}, current: {revision}")
                {
                    Causes = [new("ResourceVersionTooLarge", "Too large resource version", null)], RetryAfterSeconds = 1,
                };
            }
        }
    }

    // A continue token holds the revision of the first page and the last key that was sent. Later pages show the present state of what comes
    // after it; names never move, so nothing that existed all along is missed or sent twice.
    private (List<StoredObject> Page, string? Next, int Remaining, long Revision) Page(ApiRequest request, List<StoredObject> items, long revision)
    {
        if (request.Query("continue") is { Length: > 0 } token)
        {
            var (first, after) = ReadToken(token);
            if (first < api.Store.OldestRevision)
            {
                throw ApiStatusException.ContinueExpired();
            }
            revision = first;
            items = [.. items.SkipWhile(i => string.CompareOrdinal(KeyOf(i), after) <= 0)];
        }
        var limit = request.Number("limit") ?? 0;
        if (limit <= 0 || items.Count <= limit)
        {
            return (items, null, 0, revision);
        }
        var page = items.Take((int)limit).ToList();
        var next = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{revision}:{KeyOf(page[^1])}"));
        return (page, next, items.Count - page.Count, revision);
    }

    private static string KeyOf(StoredObject item) => item.Namespace + "\0" + item.Name;

    private static (long Revision, string After) ReadToken(string token)
    {
        var bytes = new byte[token.Length];
        if (Convert.TryFromBase64String(token, bytes, out var length))
        {
            var parts = Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2);
            if (parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var revision))
            {
                return (revision, parts[1]);
            }
        }
        throw ApiStatusException.BadRequest("continue key is not valid: illegal base64 data");
    }

    private static void AddContinue(JsonObject metadata, string? next, int remaining)
    {
        if (next is not null)
        {
            metadata["continue"] = next;
            metadata["remainingItemCount"] = remaining;
        }
    }
}
