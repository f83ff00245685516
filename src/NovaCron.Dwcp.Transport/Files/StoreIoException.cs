namespace NovaCron.Dwcp.Transport.Files;

/// <summary>A file operation failed; carries whether the disk is full, which is all that callers tell apart.</summary>
internal sealed class StoreIoException(string message, bool diskFull, Exception? innerException = null) : IOException(message, innerException)
{
    public bool DiskFull { get; } = diskFull;
}
