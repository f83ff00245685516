using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>The part of an object that the server owns: who it is, when it was made, which generation it is.</summary>
internal static class ObjectIdentity
{
    // The alphabet of the real name generator: no vowels, so that no words appear, and nothing that looks alike.
    private const string SuffixAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int SuffixLength = 5;
    private const int MaxGeneratedBase = 63 - SuffixLength;

    // Fields of metadata that only the server writes; an update keeps the stored values.
    private static readonly string[] ServerFields =
        ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "resourceVersion", "generateName"];

    /// <summary>Makes a new object of what a client sent.</summary>
    public static void Prepare(ResourceType type, JsonObject document, DateTimeOffset now, Func<string, bool> taken)
    {
        var metadata = document.Metadata();
        document["apiVersion"] = type.ApiVersion;
        document["kind"] = type.Kind;
        if (string.IsNullOrEmpty(metadata.Text("name")))
        {
            if (metadata.Text("generateName") is not { Length: > 0 } stem)
            {
                throw ApiStatusException.Invalid(type, "", [new("FieldValueRequired", "Required value: name or generateName is required", "metadata.name")]);
            }
            stem = stem.Length > MaxGeneratedBase ? stem[..MaxGeneratedBase] : stem;
            string name;
            do
            {
                name = stem + Random.Shared.GetString(SuffixAlphabet, SuffixLength);
            }
            while (taken(name));
            metadata["name"] = name;
        }
        if (!type.Namespaced)
        {
            metadata.Remove("namespace");
        }
        metadata["uid"] = Guid.NewGuid().ToString();
        metadata["creationTimestamp"] = JsonDocuments.Timestamp(now);
        foreach (var field in (string[])["deletionTimestamp", "deletionGracePeriodSeconds", "resourceVersion", "generation", "selfLink"])
        {
            metadata.Remove(field);
        }
        if (type.HasGeneration)
        {
            metadata["generation"] = 1;
        }
        document.ReplaceOrder();
    }

    /// <summary>The stored object with everything that a client may change taken from <paramref name="incoming"/>.</summary>
    public static JsonObject Merge(ResourceType type, JsonObject stored, JsonObject incoming)
    {
        var (metadata, kept) = (incoming.Metadata(), (JsonObject)stored["metadata"]!);
        foreach (var field in ServerFields)
        {
            if (kept[field] is { } value)
            {
                metadata[field] = value.DeepClone();
            }
            else
            {
                metadata.Remove(field);
            }
        }
        metadata.Remove("selfLink");
        if (!type.Namespaced)
        {
            metadata.Remove("namespace");
        }
        incoming["apiVersion"] = stored["apiVersion"]?.DeepClone();
        incoming["kind"] = stored["kind"]?.DeepClone();
        if (type.HasStatus)
        {
            incoming.Remove("status");
            if (stored["status"] is { } status)
            {
                incoming["status"] = status.DeepClone();
            }
        }
        if (type.HasGeneration && !SameDesire(stored, incoming))
        {
            metadata["generation"] = (((JsonObject)stored["metadata"]!).Integer("generation") ?? 0) + 1;
        }
        incoming.ReplaceOrder();
        return incoming;
    }

    /// <summary>The stored object with the status of <paramref name="incoming"/>; field managers are taken over too.</summary>
    public static JsonObject WithStatusOf(JsonObject stored, JsonObject incoming)
    {
        var result = (JsonObject)stored.DeepClone();
        result.Remove("status");
        if (incoming["status"] is { } status)
        {
            result["status"] = status.DeepClone();
        }
        if (incoming.Metadata()["managedFields"] is { } managers)
        {
            result.Metadata()["managedFields"] = managers.DeepClone();
        }
        return result;
    }

    private static bool SameDesire(JsonObject stored, JsonObject incoming)
    {
        static IEnumerable<KeyValuePair<string, JsonNode?>> Desire(JsonObject o) =>
            o.Where(static p => p.Key is not ("metadata" or "status" or "apiVersion" or "kind") && p.Value is not null);

        var desired = Desire(incoming).ToDictionary(static p => p.Key, static p => p.Value);
        return Desire(stored).Count() == desired.Count
            && Desire(stored).All(p => desired.TryGetValue(p.Key, out var value) && JsonNode.DeepEquals(p.Value, value));
    }

    // Clients show documents in the order in which they come: apiVersion, kind, metadata, the rest, status.
    private static void ReplaceOrder(this JsonObject document)
    {
        string[] first = ["apiVersion", "kind", "metadata"];
        var pairs = document.OrderBy(p => Array.IndexOf(first, p.Key) is >= 0 and var i ? i : p.Key == "status" ? 4 : 3).ToList();
        document.Clear();
        foreach (var (key, value) in pairs)
        {
            document[key] = value;
        }
    }
}
