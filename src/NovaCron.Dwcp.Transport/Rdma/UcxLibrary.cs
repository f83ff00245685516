using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>libucp as it was found on this machine, or why it is of no use.</summary>
public sealed unsafe class UcxLibrary
{
    private const string UcpName = "libucp.so.0";
    private const string UcsName = "libucs.so.0";

    // Layouts were checked against the headers of these; a newer minor version keeps them by UCX's own promise, an older one lacks functions that are used here.
    private static readonly Version Oldest = new(1, 13);
    private static readonly Version BeyondNewest = new(2, 0);

    private static readonly Lazy<(UcxLibrary? Library, string Reason)> Loaded = new(() => TryLoad(UcpName, UcsName));

    private UcxLibrary(UcxNative native, Version version)
    {
        Native = native;
        Version = version;
    }

    /// <summary>The library, or null.</summary>
    public static UcxLibrary? Instance => Loaded.Value.Library;

    /// <summary>What was found, or why there is none and what to do.</summary>
    public static string Finding => Loaded.Value.Reason;

    /// <summary>The library's version.</summary>
    public Version Version { get; }

    internal UcxNative Native { get; }

    /// <exception cref="DwcpTransferException">There is none.</exception>
    internal static UcxLibrary Require() => Instance ?? throw new DwcpTransferException(DwcpErrorCode.BulkUnavailable, DwcpFault.Client, $"No UCX: {Finding}");

    /// <summary>Null when the version's layouts are known, else what to do.</summary>
    internal static string? Refuse(Version version) => version >= Oldest && version < BeyondNewest
        ? null
        : $"libucp {version} is installed; its structs are known from {Oldest} up to 1.22. Install libucx0 of Debian 12 or later, or do without: plain sockets need no library.";

    internal static (UcxLibrary? Library, string Reason) TryLoad(string ucpName, string ucsName)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess) return (null, "UCX is used on 64-bit Linux only.");
        // Segments of 256 KiB: over loopback UCX's default of 8 KiB moves a sixth of what these do. And no warnings on a program's output: failures come back as errors.
        SystemCalls.SetDefault("UCX_TCP_TX_SEG_SIZE", "256k");
        SystemCalls.SetDefault("UCX_TCP_RX_SEG_SIZE", "256k");
        // UCX's own handler of SIGSEGV would take the runtime's, which turns such signals into exceptions.
        SystemCalls.SetDefault("UCX_HANDLE_ERRORS", "none");
        SystemCalls.SetDefault("UCX_LOG_FILE", "stderr");
        SystemCalls.SetDefault("UCX_LOG_LEVEL", "fatal");
        SystemCalls.SetDefault("UCX_WARN_UNUSED_ENV_VARS", "n");
        if (!NativeLibrary.TryLoad(ucsName, out var ucs) || !NativeLibrary.TryLoad(ucpName, out var ucp))
            return (null, $"{ucpName} is not installed or cannot be loaded. On Debian: apt-get install libucx0. Without it the bulk path uses plain sockets.");
        try
        {
            var native = new UcxNative(ucp, ucs);
            uint major, minor, release;
            native.GetVersion(&major, &minor, &release);
            var version = new Version((int)major, (int)minor, (int)release);
            return Refuse(version) is { } refusal ? (null, refusal) : (new UcxLibrary(native, version), $"libucp {version}");
        }
        catch (EntryPointNotFoundException e)
        {
            return (null, $"{ucpName} lacks a function that is used here ({e.Message}): it is no libucp of {Oldest} or later.");
        }
    }
}
