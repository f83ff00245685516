using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>
/// One committed version of an object. It never changes after the commit, so that any number of threads read it without a lock;
/// whoever wants to change takes a <see cref="Copy()"/>.
/// </summary>
public sealed class StoredObject
{
    private byte[]? _utf8;

    internal StoredObject(ResourceType resource, JsonObject document, long revision)
    {
        Resource = resource;
        Document = Materialise(document);
        Revision = revision;
        Name = document.Name();
        Namespace = document.Namespace();
    }

    /// <summary>The type under which the object was written.</summary>
    public ResourceType Resource { get; }

    /// <summary>The committed document. Shared: read only.</summary>
    public JsonObject Document { get; }

    /// <summary>The cluster revision at which this version was committed.</summary>
    public long Revision { get; }

    /// <summary>Name of the object.</summary>
    public string Name { get; }

    /// <summary>Namespace of the object; empty for cluster-wide objects.</summary>
    public string Namespace { get; }

    /// <summary>A copy that belongs to the caller.</summary>
    public JsonObject Copy() => (JsonObject)Document.DeepClone();

    /// <summary>A copy in the API version of <paramref name="type"/>, which must share this object's storage key.</summary>
    public JsonObject Copy(ResourceType type)
    {
        var copy = Copy();
        if (type == ResourceTypes.GroupedEvents)
        {
            return EventVersions.ToGrouped(copy);
        }
        if (type.ApiVersion != Resource.ApiVersion)
        {
            copy["apiVersion"] = type.ApiVersion;
        }
        return copy;
    }

    /// <summary>The document as UTF-8 JSON, serialised once for all readers.</summary>
    public ReadOnlyMemory<byte> Utf8 => _utf8 ??= JsonDocuments.Serialize(Document);

    // A JsonObject that was parsed or cloned builds its children on first access, which is a write. Walking the tree here
    // makes later concurrent reads safe.
    private static JsonObject Materialise(JsonObject document)
    {
        Walk(document);
        return document;

        static void Walk(JsonNode? node)
        {
            switch (node)
            {
                case JsonObject obj:
                    foreach (var (_, child) in obj)
                    {
                        Walk(child);
                    }
                    break;
                case JsonArray array:
                    foreach (var child in array)
                    {
                        Walk(child);
                    }
                    break;
            }
        }
    }
}
