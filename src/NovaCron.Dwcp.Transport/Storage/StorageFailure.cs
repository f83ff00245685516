using NovaCron.Dwcp.Transport.Files;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Turns what the file system threw into what a session answers.</summary>
internal static class StorageFailure
{
    public static DwcpTransferException From(Exception e, string what) =>
        e is DwcpTransferException known
            ? known
            : e is IOException io && BeneathDirectory.IsDiskFull(io)
                ? new DwcpTransferException(DwcpErrorCode.DiskFull, DwcpFault.Server, $"The node's store is full: it could not {what}. What was acknowledged is safe; free space or enlarge the claim, then send again.", e)
                : new DwcpTransferException(DwcpErrorCode.StorageFailed, DwcpFault.Server, $"The node's store could not {what}: {e.Message}", e);
}
