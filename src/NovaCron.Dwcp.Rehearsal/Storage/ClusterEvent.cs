using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>One change seen by a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Resource">The type under which the watch asked.</param>
/// <param name="Revision">The cluster revision of the change.</param>
/// <param name="Stored">The object as stored; shared, see <see cref="StoredObject"/>.</param>
/// <param name="Previous">The object before the change, or <c>null</c> when it is new.</param>
public sealed record ClusterEvent(ClusterEventType Type, ResourceType Resource, long Revision, StoredObject? Stored, StoredObject? Previous)
{
    /// <summary>A copy of the object that the caller may keep and change.</summary>
    /// <exception cref="InvalidOperationException">The event is a bookmark.</exception>
    public JsonObject Object => (Stored ?? throw new InvalidOperationException("A bookmark carries no object.")).Copy(Resource);
}
