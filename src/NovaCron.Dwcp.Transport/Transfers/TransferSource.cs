namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>What is sent: files and directories, or bytes in memory.</summary>
public abstract class TransferSource
{
    private protected TransferSource()
    {
    }

    /// <summary>Files and directories. One path becomes the object itself; several become a directory that holds each under its own name.</summary>
    public static TransferSource FromPaths(params IReadOnlyList<string> paths) => new PathSource(paths, null);

    /// <summary>The same, without what the filter leaves out. What a path itself names is always sent.</summary>
    /// <param name="paths">Files and directories.</param>
    /// <param name="includes">Asked for everything below the directories, with its path relative to the object (separated by /) and whether it is a directory; a directory that is left out is not looked into.</param>
    public static TransferSource FromPaths(IReadOnlyList<string> paths, Func<string, bool, bool>? includes) => new PathSource(paths, includes);

    /// <summary>One file whose bytes are in memory. They must not change while they are sent.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="modifiedAt">The file's time; the Unix epoch by default, so that equal bytes are equal objects.</param>
    public static TransferSource FromMemory(ReadOnlyMemory<byte> bytes, DateTimeOffset? modifiedAt = null) => new MemorySource(bytes, modifiedAt ?? DateTimeOffset.UnixEpoch);
}
