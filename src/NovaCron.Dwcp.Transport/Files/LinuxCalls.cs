using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Files;

/// <summary>The Linux system calls that open names beneath a directory. Constants are those of x86-64 and arm64, which agree except where noted.</summary>
internal static unsafe partial class LinuxCalls
{
    public const int ReadOnly = 0;
    public const int WriteOnly = 1;
    public const int ReadWrite = 2;
    public const int Create = 0x40;
    public const int Exclusive = 0x80;
    public const int CloseOnExec = 0x80000;
    public const int PathOnly = 0x200000;

    // These two are swapped between the architectures.
    public static readonly int DirectoryOnly = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;
    public static readonly int NoFollow = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x8000 : 0x20000;

    public const int RemoveDirectory = 0x200;

    public const int NoEntry = 2;
    public const int IoError = 5;
    public const int AccessDenied = 13;
    public const int Exists = 17;
    public const int CrossDevice = 18;
    public const int NotDirectory = 20;
    public const int IsDirectory = 21;
    public const int NotPermitted = 1;
    public const int NoSpace = 28;
    public const int FileTooLarge = 27;
    public const int ReadOnlyFileSystem = 30;
    public const int NotImplemented = 38;
    public const int Loop = 40;
    public const int NotEmpty = 39;
    public const int InvalidArgument = 22;
    public const int QuotaExceeded = 122;

    private const nint OpenAt2Number = 437; // the same on every architecture
    private const ulong ResolveNoMagicLinks = 0x02;
    private const ulong ResolveNoSymLinks = 0x04;
    private const ulong ResolveBeneath = 0x08;

    [StructLayout(LayoutKind.Sequential)]
    private struct OpenHow
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary>openat2 with links refused and resolution kept beneath the directory (Linux 5.6). Returns -1 and sets the last error.</summary>
    public static int OpenBeneath(int directory, string path, int flags, uint mode)
    {
        var how = new OpenHow
        {
            Flags = (ulong)(uint)(flags | CloseOnExec),
            Mode = (flags & Create) != 0 ? mode : 0,
            Resolve = ResolveBeneath | ResolveNoSymLinks | ResolveNoMagicLinks,
        };
        return (int)Syscall(OpenAt2Number, directory, path, &how, (nuint)sizeof(OpenHow));
    }

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint Syscall(nint number, nint directory, string path, OpenHow* how, nuint size);

    [LibraryImport("libc", EntryPoint = "openat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int OpenAt(int directory, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "mkdirat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int MakeDirectoryAt(int directory, string path, uint mode);

    [LibraryImport("libc", EntryPoint = "renameat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int RenameAt(int fromDirectory, string from, int toDirectory, string to);

    [LibraryImport("libc", EntryPoint = "unlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int UnlinkAt(int directory, string path, int flags);

    [LibraryImport("libc", EntryPoint = "symlinkat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SymLinkAt(string target, int directory, string path);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Sync(int file);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int file);
}
