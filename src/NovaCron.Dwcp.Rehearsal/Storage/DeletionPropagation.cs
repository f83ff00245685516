namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>What happens to the objects that a deleted object owns.</summary>
public enum DeletionPropagation
{
    /// <summary>The owner goes first, its dependents follow.</summary>
    Background,

    /// <summary>The owner waits until the dependents that block it are gone.</summary>
    Foreground,

    /// <summary>The dependents stay and lose the reference to their owner.</summary>
    Orphan,
}
