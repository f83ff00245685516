using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Patches;

/// <summary>
/// <c>metadata.managedFields</c>: who owns which field. Updates move ownership of what they change; server-side apply asks for
/// ownership of what it sets, is refused where another manager owns a different value (unless forced), and gives up what it no
/// longer sets.
/// </summary>
public sealed class FieldOwnership
{
    // What nobody owns: identity and what the server writes.
    private static readonly FieldSet NeverOwned = FieldSet.Parse((JsonObject)JsonNode.Parse(
        """
        {"f:apiVersion":{},"f:kind":{},"f:metadata":{".":{},"f:name":{},"f:namespace":{},"f:creationTimestamp":{},"f:selfLink":{},"f:uid":{},
        "f:generation":{},"f:managedFields":{},"f:resourceVersion":{},"f:deletionTimestamp":{},"f:deletionGracePeriodSeconds":{}}}
        """)!);

    private static readonly FieldSet Status = FieldSet.Parse(new JsonObject { ["f:status"] = new JsonObject() });

    private readonly FieldSchema _schema;
    private readonly FieldSet _ignored;
    private readonly string _now;
    private readonly List<Entry> _entries = [];

    private FieldOwnership(ResourceType type, FieldSchema schema, DateTimeOffset now, bool status)
    {
        _schema = schema;
        _now = JsonDocuments.Timestamp(now);
        _ignored = type.HasStatus && !status ? NeverOwned.Union(Status) : NeverOwned;
    }

    /// <summary>Reads the ownership of a document.</summary>
    /// <param name="type">Type of the document.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="document">The document whose <c>managedFields</c> count.</param>
    /// <param name="now">Time of new entries.</param>
    /// <param name="status">Whether the write goes through the status subresource.</param>
    public static FieldOwnership Of(ResourceType type, FieldSchema schema, JsonObject? document, DateTimeOffset now, bool status)
    {
        var ownership = new FieldOwnership(type, schema, now, status);
        foreach (var entry in document?.At("metadata.managedFields").Objects() ?? [])
        {
            if (entry["fieldsV1"] is JsonObject fields)
            {
                ownership._entries.Add(new(FieldManager.Parse(entry), FieldSet.Parse(fields), entry.Text("time")));
            }
        }
        return ownership;
    }

    /// <summary>Records an update (create, replace or patch) by <paramref name="manager"/> and writes the result into <paramref name="now"/>.</summary>
    public void RecordUpdate(FieldManager manager, JsonObject? before, JsonObject now)
    {
        var changes = FieldTree.Compare(_schema, before is null ? new JsonObject() : WithoutManagers(before), WithoutManagers(now));
        var written = changes.Added.Union(changes.Modified).ExceptBelow(_ignored);
        foreach (var entry in _entries.Where(e => e.Manager != manager))
        {
            entry.Fields = entry.Fields.Except(changes.Modified.Union(changes.Added)).ExceptBelow(changes.Removed);
        }
        var own = _entries.FirstOrDefault(e => e.Manager == manager);
        if (own is null)
        {
            own = new(manager, new(), null);
            _entries.Add(own);
        }
        var fields = own.Fields.Union(written).ExceptBelow(changes.Removed);
        if (!fields.SetEquals(own.Fields))
        {
            own.Fields = fields;
            own.Time = _now;
        }
        Write(now);
    }

    /// <summary>Server-side apply: returns <paramref name="live"/> with <paramref name="applied"/> merged in and ownership recorded.</summary>
    /// <exception cref="ApiStatusException">Another manager owns a field with a different value, and <paramref name="force"/> is off (Conflict).</exception>
    public JsonObject Apply(FieldManager manager, JsonObject? live, JsonObject applied, bool force)
    {
        var wanted = FieldTree.PathsOf(_schema, WithoutManagers(applied)).ExceptBelow(_ignored);
        var current = live is null ? new JsonObject() : WithoutManagers(live);
        var merged = (JsonObject)FieldTree.Merge(_schema, current, WithoutManagers(applied))!;
        var own = _entries.FirstOrDefault(e => e.Manager == manager);
        if (own is not null)
        {
            var others = _entries.Where(e => e != own).Aggregate(wanted, static (all, e) => all.Union(e.Fields));
            FieldTree.Remove(_schema, merged, own.Fields.Except(wanted), others);
        }
        var changes = FieldTree.Compare(_schema, current, merged);
        var written = changes.Added.Union(changes.Modified);
        var conflicts = _entries.Where(e => e != own)
            .Select(e => (Entry: e, Fields: e.Fields.Intersect(written)))
            .Where(static c => !c.Fields.IsEmpty)
            .ToList();
        if (conflicts.Count > 0 && !force)
        {
            throw ConflictOf(conflicts);
        }
        foreach (var (entry, fields) in conflicts)
        {
            entry.Fields = entry.Fields.Except(fields);
        }
        foreach (var entry in _entries.Where(e => e != own))
        {
            entry.Fields = entry.Fields.ExceptBelow(changes.Removed);
        }
        if (own is null)
        {
            own = new(manager, wanted, _now);
            _entries.Add(own);
        }
        else if (!own.Fields.SetEquals(wanted) || !changes.IsEmpty)
        {
            (own.Fields, own.Time) = (wanted, _now);
        }
        Write(merged);
        return merged;
    }

    private void Write(JsonObject document)
    {
        var list = new JsonArray();
        foreach (var entry in _entries.Where(static e => !e.Fields.IsEmpty))
        {
            var json = new JsonObject
            {
                ["manager"] = entry.Manager.Name,
                ["operation"] = entry.Manager.Operation,
                ["apiVersion"] = entry.Manager.ApiVersion,
                ["time"] = entry.Time ?? _now,
                ["fieldsType"] = "FieldsV1",
                ["fieldsV1"] = entry.Fields.ToJson(),
            };
            if (entry.Manager.Subresource.Length > 0)
            {
                json["subresource"] = entry.Manager.Subresource;
            }
            list.Add((JsonNode)json);
        }
        document.Metadata().Remove("managedFields");
        if (list.Count > 0)
        {
            document.Metadata()["managedFields"] = list;
        }
    }

    private static JsonObject WithoutManagers(JsonObject document)
    {
        var copy = (JsonObject)document.DeepClone();
        (copy["metadata"] as JsonObject)?.Remove("managedFields");
        return copy;
    }

    private static ApiStatusException ConflictOf(List<(Entry Entry, FieldSet Fields)> conflicts)
    {
        var all = conflicts.SelectMany(static c => c.Fields.Paths().Select(p => (Who: c.Entry.Manager.Describe(c.Entry.Time), Path: p))).ToList();
        var message = all.Count == 1
            ? $"Apply failed with 1 conflict: conflict with {all[0].Who}: {all[0].Path}"
            : $"Apply failed with {all.Count} conflicts: " + string.Join(
                '\n', all.GroupBy(static c => c.Who).OrderBy(static g => g.Key, StringComparer.Ordinal)
                    .SelectMany(static g => g.Select(static c => "- " + c.Path).Prepend($"conflicts with {g.Key}:")));
        return new(409, "Conflict", message)
        {
            Causes = [.. all.Select(static c => new StatusCause("FieldManagerConflict", "conflict with " + c.Who, c.Path))],
        };
    }

    private sealed class Entry(FieldManager manager, FieldSet fields, string? time)
    {
        public FieldManager Manager { get; } = manager;

        public FieldSet Fields { get; set; } = fields;

        public string? Time { get; set; } = time;
    }
}
