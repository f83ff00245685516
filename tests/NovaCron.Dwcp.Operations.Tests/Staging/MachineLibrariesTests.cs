using NovaCron.Dwcp.Operations.Images;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

public sealed class MachineLibrariesTests
{
    [Fact]
    public async Task UCX_comes_with_its_modules_its_providers_and_what_they_need()
    {
        if (!File.Exists("/usr/lib/x86_64-linux-gnu/libucp.so.0") || !Directory.Exists("/etc/libibverbs.d"))
            Assert.Skip("libucx0 and ibverbs-providers are not installed: an image with RDMA is NOT tested here");
        var directory = Directory.CreateTempSubdirectory("dwcp-libraries-").FullName;
        try
        {
            var (program, root) = (Path.Combine(directory, "program"), Path.Combine(directory, "root"));
            Directory.CreateDirectory(program);
            // Any program of this machine that is linked; only its libraries are looked at.
            File.Copy("/bin/ls", Path.Combine(program, "dwcpd"));
            await MachineLibraries.CopyAsync(program, root, rdma: true, TestContext.Current.CancellationToken);
            var files = Directory.GetFiles(root, "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)).ToHashSet();
            foreach (var name in new[] { "libc.so.6", "libssl.so.3", "ca-certificates.crt", "libucp.so.0", "libucs.so.0", "libuct.so.0", "libucm.so.0", "libuct_ib.so.0", "libibverbs.so.1", "librdmacm.so.1", "rxe.driver" })
                Assert.Contains(name, files);
            Assert.Contains(files, f => f.StartsWith("librxe-rdmav", StringComparison.Ordinal));
            // UCX looks for its modules in ucx/ beside itself.
            Assert.True(File.Exists(Path.Combine(root, "usr/lib/x86_64-linux-gnu/ucx/libuct_ib.so.0")));

            var plain = Path.Combine(directory, "plain");
            await MachineLibraries.CopyAsync(program, plain, rdma: false, TestContext.Current.CancellationToken);
            Assert.DoesNotContain(Directory.GetFiles(plain, "*", SearchOption.AllDirectories), f => f.Contains("libuc", StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
