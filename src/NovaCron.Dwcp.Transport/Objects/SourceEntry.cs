using Microsoft.Win32.SafeHandles;

namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>An entry to send, with the way to its contents.</summary>
/// <param name="Header">What it is.</param>
/// <param name="FullPath">The local file, or null.</param>
/// <param name="Memory">The contents, when they are in memory.</param>
internal sealed record SourceEntry(EntryHeader Header, string? FullPath, ReadOnlyMemory<byte> Memory)
{
    /// <summary>Opens the local file; links are refused, and what is no regular file.</summary>
    public SafeFileHandle Open()
    {
        try
        {
            var handle = OperatingSystem.IsLinux() ? OpenOnLinux() : File.OpenHandle(FullPath!, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan);
            try
            {
                _ = RandomAccess.GetLength(handle);
            }
            catch (NotSupportedException e)
            {
                handle.Dispose();
                throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"{FullPath} is a pipe or device, not a file. Leave it out of the transfer.", e);
            }

            return handle;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"Cannot read {FullPath}: {e.Message}", e);
        }
    }

    // O_NONBLOCK: opening a pipe that nobody writes would wait for ever.
    private SafeFileHandle OpenOnLinux()
    {
        const int NonBlocking = 0x800;
        var descriptor = Files.LinuxCalls.Open(FullPath!, Files.LinuxCalls.ReadOnly | NonBlocking | Files.LinuxCalls.NoFollow | Files.LinuxCalls.CloseOnExec, 0);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new IOException(new System.ComponentModel.Win32Exception(System.Runtime.InteropServices.Marshal.GetLastPInvokeError()).Message);
    }
}
