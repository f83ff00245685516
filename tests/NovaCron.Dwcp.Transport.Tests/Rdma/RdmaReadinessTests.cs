using NovaCron.Dwcp.Transport.Rdma;

namespace NovaCron.Dwcp.Transport.Tests.Rdma;

/// <summary>What is said to be missing, on machines made of files.</summary>
public sealed class RdmaReadinessTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("none", "device:")]
    [InlineData("down", "port:")]
    [InlineData("no gid", "GID:")]
    [InlineData("no files", "permission:")]
    [InlineData("memlock", "memlock: 65536 bytes")]
    [InlineData("memlock, in a user namespace", "memlock: 65536 bytes")]
    [InlineData("memlock, allowed more", null)]
    [InlineData("well", null)]
    public void Each_thing_that_is_missing_is_named(string machine, string? missing)
    {
        Directory.CreateDirectory(_folder.At("class"));
        Directory.CreateDirectory(_folder.At("dev"));
        if (machine != "none")
        {
            _folder.Write("class/rxe0/ports/1/state", machine == "down" ? "1: DOWN\n"u8 : "4: ACTIVE\n"u8);
            _folder.Write("class/rxe0/ports/1/gids/0", machine == "no gid" ? "0000:0000:0000:0000:0000:0000:0000:0000\n"u8 : "fe80:0000:0000:0000:5054:00ff:fe12:3456\n"u8);
        }

        if (machine != "no files") _folder.Write("dev/uverbs0", []);
        _folder.Write("status", machine is "memlock" ? "Name:\tdwcpd\nCapEff:\t00000000a80425fb\n"u8 : "Name:\tdwcpd\nCapEff:\t000001ffffffffff\n"u8);
        _folder.Write("uid_map", machine == "memlock, in a user namespace" ? "         0       1000          1\n"u8 : "         0          0 4294967295\n"u8);
        _folder.Write("limits", machine.StartsWith("memlock", StringComparison.Ordinal)
            ? "Max locked memory         65536                65536                bytes     \n"u8
            : "Max locked memory         unlimited            unlimited            bytes     \n"u8);
        var found = RdmaReadiness.Check(_folder.At("class"), _folder.At("dev"), _folder.Path);
        var reasons = found.Missing.Where(m => !m.StartsWith("library:", StringComparison.Ordinal)).ToList();
        if (missing is null) Assert.Empty(reasons);
        else Assert.StartsWith(missing, Assert.Single(reasons));
        Assert.Equal(machine is "well" or "no files" || machine.StartsWith("memlock", StringComparison.Ordinal) ? 1 : 0, found.Devices.Count);
    }
}
