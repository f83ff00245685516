namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>What an entry of an object is.</summary>
public enum EntryKind
{
    /// <summary>A regular file.</summary>
    File = 1,

    /// <summary>A directory.</summary>
    Directory = 2,

    /// <summary>A symbolic link; its target is recorded, never followed.</summary>
    SymbolicLink = 3,
}
