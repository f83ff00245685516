namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>Where a received object goes.</summary>
public abstract class TransferSink
{
    private protected TransferSink()
    {
    }

    /// <summary>A file or directory at <paramref name="path"/>; written beside it first, verified, then renamed.</summary>
    /// <param name="path">The file or directory to make.</param>
    /// <param name="delta">
    /// Reads what stands there before, and takes from it what the object shares with it, in chunks of 64 KiB on average: only the rest travels. By v3 sessions; the bulk
    /// path of a datacentre, which compares nothing, is not taken then.
    /// </param>
    public static TransferSink ToPath(string path, bool delta = false) => new PathSink(path, delta);

    /// <summary>Memory; for objects that are one file.</summary>
    /// <param name="maximumBytes">A larger object is refused before its data travels.</param>
    public static MemorySink ToMemory(int maximumBytes = 64 * 1024 * 1024) => new(maximumBytes);
}
