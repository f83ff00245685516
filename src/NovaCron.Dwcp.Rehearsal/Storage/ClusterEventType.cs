namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>What a watch reports.</summary>
public enum ClusterEventType
{
    /// <summary>The object appeared.</summary>
    Added,

    /// <summary>The object changed; this includes the moment at which a graceful deletion begins.</summary>
    Modified,

    /// <summary>The object is gone; the event carries its last state with the revision of the deletion.</summary>
    Deleted,

    /// <summary>Nothing changed up to this revision; carries no object.</summary>
    Bookmark,
}
