using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Files;

/// <summary>What tells a file from another, and from itself after a change. Device and inode are 0 where the system has none.</summary>
/// <param name="Device">Of the file system.</param>
/// <param name="Inode">Number of the file in it.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ModifiedAt">Nanoseconds since 1970, as exact as the file system keeps them.</param>
internal readonly record struct FileStamp(ulong Device, ulong Inode, long Size, long ModifiedAt)
{
    public static FileStamp Of(SafeFileHandle file) =>
        FileCalls.TryStat(file, out var stamp)
            ? stamp
            : new FileStamp(0, 0, RandomAccess.GetLength(file), Objects.SourceEntries.ToNanoseconds(File.GetLastWriteTimeUtc(file)));

    public byte[] Identity(string machine, string path)
    {
        using var writer = new WireWriter();
        writer.UInt64(Device).UInt64(Inode).UInt64((ulong)Size).UInt64((ulong)ModifiedAt).Text(machine).Bytes(Encoding.UTF8.GetBytes(path));
        return SHA256.HashData(writer.Written)[..Datacenter.BulkLimits.IdentityBytes];
    }
}
