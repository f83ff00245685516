namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>Where a received object goes.</summary>
public abstract class TransferSink
{
    private protected TransferSink()
    {
    }

    /// <summary>A file or directory at <paramref name="path"/>; written beside it first, verified, then renamed.</summary>
    public static TransferSink ToPath(string path) => new PathSink(path);

    /// <summary>Memory; for objects that are one file.</summary>
    /// <param name="maximumBytes">A larger object is refused before its data travels.</param>
    public static MemorySink ToMemory(int maximumBytes = 64 * 1024 * 1024) => new(maximumBytes);
}
