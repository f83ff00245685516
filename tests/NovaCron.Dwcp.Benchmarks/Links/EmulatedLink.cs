using System.Diagnostics;
using System.Globalization;

namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>
/// Two network namespaces that see each other over an emulated link only. Programs in them use the kernel's own sockets; nothing in them knows of the emulation.
/// Linux and root.
/// </summary>
internal sealed class EmulatedLink : IDisposable
{
    /// <summary>The side from which transfers are sent, and which a NAT hides.</summary>
    public const string NearAddress = "192.0.2.1";

    /// <summary>The side of the node.</summary>
    public const string FarAddress = "192.0.2.2";

    // Longer than any queue of ours: what is lost is lost by the link.
    private const int DeviceQueue = 20_000;

    private readonly string _near = string.Create(CultureInfo.InvariantCulture, $"dwcp-near-{Environment.ProcessId}");
    private readonly string _far = string.Create(CultureInfo.InvariantCulture, $"dwcp-far-{Environment.ProcessId}");
    private readonly List<TunDevice> _devices = [];

    public EmulatedLink(LinkSettings settings)
    {
        try
        {
            var near = Attach(_near, "dwcpn", NearAddress);
            var far = Attach(_far, "dwcpf", FarAddress);
            Outward = new LinkDirection(near, far, true, settings);
            Homeward = new LinkDirection(far, near, false, settings);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>From the near side to the far side.</summary>
    public LinkDirection Outward { get; } = null!;

    /// <summary>From the far side to the near side.</summary>
    public LinkDirection Homeward { get; } = null!;

    /// <summary>Gives the link other properties, and begins its clock and figures again.</summary>
    public void Restart(LinkSettings settings)
    {
        Outward.Restart(settings);
        Homeward.Restart(settings);
    }

    /// <summary>A program to be started on the near or the far side.</summary>
    public ProcessStartInfo On(bool nearSide, string program, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo("ip") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["netns", "exec", nearSide ? _near : _far, program, .. arguments]) start.ArgumentList.Add(argument);
        return start;
    }

    public void Dispose()
    {
        Outward?.Stop();
        Homeward?.Stop();
        foreach (var device in _devices) device.Dispose();
        TryIp("netns", "del", _near);
        TryIp("netns", "del", _far);
    }

    private TunDevice Attach(string name, string prefix, string address)
    {
        Ip("netns", "add", name);
        var device = new TunDevice(string.Create(CultureInfo.InvariantCulture, $"{prefix}{Environment.ProcessId}"));
        _devices.Add(device);
        Ip("link", "set", device.Name, "netns", name);
        Ip("-n", name, "link", "set", "lo", "up");
        Ip("-n", name, "addr", "add", $"{address}/24", "dev", device.Name);
        Ip("-n", name, "link", "set", device.Name, "mtu", "1500", "txqueuelen", DeviceQueue.ToString(CultureInfo.InvariantCulture), "up");
        return device;
    }

    private static void Ip(params string[] arguments)
    {
        if (TryIp(arguments) is { } problem) throw new InvalidOperationException($"ip {string.Join(' ', arguments)}: {problem.Trim()}");
    }

    private static string? TryIp(params string[] arguments)
    {
        var start = new ProcessStartInfo("ip") { RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : error;
    }
}
