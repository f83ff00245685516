using NovaCron.Dwcp.Transport.Files;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class BeneathTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public BeneathTests()
    {
        Directory.CreateDirectory(_folder.At("root/inside"));
        Directory.CreateDirectory(_folder.At("outside"));
        _folder.Write("outside/secret", "secret"u8);
        File.CreateSymbolicLink(_folder.At("root/link"), _folder.At("outside"));
        File.CreateSymbolicLink(_folder.At("root/file-link"), _folder.At("outside/secret"));
        File.CreateSymbolicLink(_folder.At("root/inside/near"), "..");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("link/secret")]
    [InlineData("file-link")]
    [InlineData("../outside/secret")]
    [InlineData("inside/../../outside/secret")]
    [InlineData("inside/near/inside")]
    public void Nothing_is_read_or_written_over_a_link_or_above_the_root(string path)
    {
        using var root = new BeneathDirectory(_folder.At("root"));
        Assert.Throws<StoreIoException>(() => root.OpenRead(path));
        Assert.Throws<StoreIoException>(() => root.OpenWrite(path, createNew: false));
        Assert.Equal("secret", File.ReadAllText(_folder.At("outside/secret")));
        // The walk that serves where openat2 is missing refuses the same.
        Assert.Equal(-1, root.WalkBeneath(path, LinuxCalls.ReadOnly, 0));
    }

    [Fact]
    public void The_walk_opens_what_is_really_there()
    {
        File.WriteAllText(_folder.At("root/inside/file"), "x");
        using var root = new BeneathDirectory(_folder.At("root"));
        var descriptor = root.WalkBeneath("inside/file", LinuxCalls.ReadOnly, 0);
        Assert.True(descriptor >= 0);
        LinuxCalls.Close(descriptor);
    }

    [Fact]
    public void A_link_is_replaced_not_followed_when_something_is_renamed_over_it()
    {
        using var root = new BeneathDirectory(_folder.At("root"));
        root.OpenWrite("new", createNew: true).Dispose();
        root.Rename("new", "file-link");
        Assert.Null(new FileInfo(_folder.At("root/file-link")).LinkTarget);
        Assert.Equal("secret", File.ReadAllText(_folder.At("outside/secret")));
    }
}
