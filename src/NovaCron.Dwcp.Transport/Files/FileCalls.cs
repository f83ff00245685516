using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NovaCron.Dwcp.Transport.Files;

/// <summary>The Linux calls on open files that .NET has not: statx, posix_fallocate, posix_fadvise. Every one is optional; on other systems nothing happens.</summary>
internal static unsafe partial class FileCalls
{
    private const int EmptyPath = 0x1000; // AT_EMPTY_PATH
    private const uint BasicStats = 0x7FF; // STATX_BASIC_STATS
    private const int Sequential = 2; // POSIX_FADV_SEQUENTIAL
    private const int OperationNotSupported = 95;
    private const int InvalidArgument = 22;

    public static bool TryStat(SafeFileHandle file, out FileStamp stamp)
    {
        stamp = default;
        if (!OperatingSystem.IsLinux()) return false;
        Statx facts;
        try
        {
            if (StatX((int)file.DangerousGetHandle(), "", EmptyPath, BasicStats, &facts) != 0) return false;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // a C library older than statx
        }
        finally
        {
            GC.KeepAlive(file);
        }

        stamp = new FileStamp(((ulong)facts.DeviceMajor << 32) | facts.DeviceMinor, facts.Inode, (long)facts.Size, checked((facts.ModifiedSeconds * 1_000_000_000) + facts.ModifiedNanoseconds));
        return true;
    }

    /// <summary>Reserves the file's blocks, so that a full disk shows before the first byte travels. A file system that cannot do it is left as it is.</summary>
    /// <exception cref="StoreIoException">There is no room.</exception>
    public static void Reserve(SafeFileHandle file, long length)
    {
        if (!OperatingSystem.IsLinux() || length == 0) return;
        var error = Allocate((int)file.DangerousGetHandle(), 0, length);
        GC.KeepAlive(file);
        if (error is 0 or OperationNotSupported or InvalidArgument) return;
        throw new StoreIoException($"{length} bytes cannot be reserved: {new System.ComponentModel.Win32Exception(error).Message}.", BeneathDirectory.IsDiskFull(error));
    }

    /// <summary>Tells the kernel to read ahead. Advice: its answer changes nothing.</summary>
    public static void ReadAhead(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) return;
        _ = Advise((int)file.DangerousGetHandle(), 0, 0, Sequential);
        GC.KeepAlive(file);
    }

    // struct statx of linux/stat.h: the same on every architecture.
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Statx
    {
        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int directory, string path, int flags, uint mask, Statx* facts);

    [LibraryImport("libc", EntryPoint = "posix_fallocate")]
    private static partial int Allocate(int file, long offset, long length);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, long offset, long length, int advice);
}
