namespace NovaCron.Dwcp.Transport.Files;

/// <summary>
/// The file system as the store sees it: the seam where a test drops what was not synced, or fills the disk. Paths are relative with '/', made by the store itself.
/// A created or renamed name is durable only after <see cref="SyncDirectory"/> of its directory.
/// </summary>
internal interface IStoreFiles : IDisposable
{
    /// <summary>Creates a file that must not exist.</summary>
    IStoreFile Create(string path);

    /// <summary>Opens a file for reading, or returns null when there is none.</summary>
    IStoreFile? OpenRead(string path);

    /// <summary>Opens a file for reading and writing, or returns null when there is none.</summary>
    IStoreFile? OpenWrite(string path);

    bool Exists(string path);

    /// <summary>Creates a directory and its parents; existing ones are fine. Durable when it returns.</summary>
    void CreateDirectory(string path);

    /// <summary>Files directly in a directory; empty when there is no such directory.</summary>
    IReadOnlyList<StoreFileInfo> ListFiles(string directory);

    /// <summary>Names of directories directly in a directory; empty when there is no such directory.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Sets a file's time of modification to now; false when there is none.</summary>
    bool Touch(string path);

    /// <summary>Renames within the store, replacing what was there.</summary>
    void Rename(string from, string to);

    /// <summary>Deletes a file; false when there was none.</summary>
    bool Delete(string path);

    void SyncDirectory(string path);
}
