namespace NovaCron.Dwcp.Rehearsal.Patches;

/// <summary>How one version of a document differs from another.</summary>
/// <param name="Added">Paths that are new.</param>
/// <param name="Modified">Leaves that hold another value.</param>
/// <param name="Removed">Paths that are gone.</param>
internal sealed record FieldChanges(FieldSet Added, FieldSet Modified, FieldSet Removed)
{
    public bool IsEmpty => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;
}
