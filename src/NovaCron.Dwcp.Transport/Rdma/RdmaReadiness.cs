using System.Globalization;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>What of RDMA this process can use, found in /sys, /dev and the limits of the process; no device is opened for it.</summary>
/// <param name="Devices">Ports that are up, such as <c>rxe0 port 1</c>.</param>
/// <param name="Missing">What is missing and what to do about it; empty when RDMA can be used.</param>
public sealed record RdmaReadiness(IReadOnlyList<string> Devices, IReadOnlyList<string> Missing)
{
    /// <summary>Locked memory that one stream registers, bytes: bounce buffers and the library's own rings.</summary>
    public const long LockedBytes = 64L * 1024 * 1024;

    // CAP_IPC_LOCK of linux/capability.h: its holder may lock more than the limit, if he holds it where the kernel asks, in the first user namespace.
    private const int LockCapability = 14;
    private const uint WholeUserNamespace = uint.MaxValue;

    /// <summary>True when a device is up, permitted, and may lock enough memory.</summary>
    public bool IsReady => Devices.Count > 0 && Missing.Count == 0;

    /// <summary>Looks at this machine.</summary>
    public static RdmaReadiness Check() => Check("/sys/class/infiniband", "/dev/infiniband", "/proc/self");

    internal static RdmaReadiness Check(string classDirectory, string deviceDirectory, string processDirectory)
    {
        var up = new List<string>();
        var missing = new List<string>();
        if (UcxLibrary.Instance is null) missing.Add($"library: {UcxLibrary.Finding}");
        string[] devices = Directory.Exists(classDirectory) ? Directory.GetDirectories(classDirectory) : [];
        if (devices.Length == 0)
        {
            missing.Add($"device: {classDirectory} names none. Install a NIC with RDMA and its driver, or try software RDMA: rdma link add rxe0 type rxe netdev eth0. "
                + "In a pod, request the device plugin's resource.");
        }

        foreach (var port in devices.Order(StringComparer.Ordinal).SelectMany(d => PortsOf(d).Select(p => (Device: d, Port: p)))) Look(port.Device, port.Port, up, missing);
        if (devices.Length > 0) LookAtFiles(deviceDirectory, missing);
        if (LockedLimit(Path.Combine(processDirectory, "limits")) is { } limit && limit < LockedBytes && !MayLockMore(processDirectory))
        {
            missing.Add(string.Create(CultureInfo.InvariantCulture,
                $"memlock: {limit} bytes may be locked, {LockedBytes} are needed. Raise the limit (ulimit -l unlimited, LimitMEMLOCK of the service; for pods that of the container runtime, not the pod's capabilities)."));
        }

        // A port that is down does not matter beside one that is up.
        if (up.Count > 0) missing.RemoveAll(m => m.StartsWith("port:", StringComparison.Ordinal) || m.StartsWith("GID:", StringComparison.Ordinal));
        return new RdmaReadiness(up, missing);
    }

    private static string[] PortsOf(string device) => Directory.Exists(Path.Combine(device, "ports")) ? Directory.GetDirectories(Path.Combine(device, "ports")) : [];

    private static void Look(string device, string port, List<string> up, List<string> missing)
    {
        var name = $"{Path.GetFileName(device)} port {Path.GetFileName(port)}";
        var state = ReadLine(Path.Combine(port, "state"));
        if (state?.Contains("ACTIVE", StringComparison.Ordinal) != true)
        {
            missing.Add($"port: {name} is {state ?? "in an unknown state"}. Bring its link up: ip link set <netdev> up.");
            return;
        }

        var gids = Path.Combine(port, "gids");
        var hasGid = Directory.Exists(gids) && Directory.GetFiles(gids).Select(ReadLine).Any(g => g is { Length: > 0 } && g.Any(c => c is not ('0' or ':')));
        if (hasGid) up.Add(name);
        else missing.Add($"GID: {name} has no address. Give its network interface an IP address.");
    }

    private static void LookAtFiles(string deviceDirectory, List<string> missing)
    {
        string[] files = Directory.Exists(deviceDirectory) ? Directory.GetFiles(deviceDirectory, "uverbs*") : [];
        if (files.Length == 0)
        {
            missing.Add($"permission: {deviceDirectory}/uverbs* is not there. Load ib_uverbs; in a pod, request the device plugin's resource.");
            return;
        }

        try
        {
            using var file = File.Open(files[0], FileMode.Open, FileAccess.ReadWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            missing.Add($"permission: {files[0]} cannot be opened: {e.Message}");
        }
    }

    private static long? LockedLimit(string limitsFile)
    {
        if (!File.Exists(limitsFile)) return null;
        var line = File.ReadLines(limitsFile).FirstOrDefault(l => l.StartsWith("Max locked memory", StringComparison.Ordinal));
        var soft = line?["Max locked memory".Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes) ? bytes : null;
    }

    private static bool MayLockMore(string processDirectory)
    {
        const string effective = "CapEff:";
        var status = Path.Combine(processDirectory, "status");
        var line = File.Exists(status) ? File.ReadLines(status).FirstOrDefault(l => l.StartsWith(effective, StringComparison.Ordinal)) : null;
        return ulong.TryParse(line?[effective.Length..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var held)
            && (held >> LockCapability & 1) != 0
            && ReadLine(Path.Combine(processDirectory, "uid_map"))?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is ["0", "0", var count]
            && count == WholeUserNamespace.ToString(CultureInfo.InvariantCulture);
    }

    private static string? ReadLine(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadLines(file).FirstOrDefault()?.Trim() : null;
        }
        catch (IOException)
        {
            return null; // an empty slot of the GID table answers with an error
        }
    }
}
