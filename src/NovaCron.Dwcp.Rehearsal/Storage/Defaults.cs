using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>The values that the API server fills in where a document leaves them open, kind by kind.</summary>
internal static class Defaults
{
    /// <summary>Fills in what <paramref name="document"/> leaves open.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="document">The document, changed in place.</param>
    /// <param name="old">The stored version on an update.</param>
    public static void Apply(ResourceType type, JsonObject document, JsonObject? old)
    {
        _ = (type, document, old);
    }
}
