using System.Text.RegularExpressions;
using NovaCron.Dwcp.Operations.Processes;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Images;

/// <summary>The C runtime, OpenSSL and certificates of this machine, for an image without a base.</summary>
internal static partial class MachineLibraries
{
    /// <summary>Loaded by name while the program runs, so that no linker knows of them.</summary>
    private static readonly string[] LoadedByName = ["libssl.so.3", "libcrypto.so.3"];

    private const string ProviderDirectory = "/etc/libibverbs.d";

    private static readonly string[] Certificates = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

    /// <summary>Copies what the programs and libraries in <paramref name="program"/> need into <paramref name="root"/>, under their own paths.</summary>
    /// <param name="program">Directory with the published program.</param>
    /// <param name="root">Root of the image.</param>
    /// <param name="rdma">Also UCX, its modules and the verbs providers.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="DwcpStagingException">This machine lacks something; says what.</exception>
    public static async Task CopyAsync(string program, string root, bool rdma, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            throw Missing("this machine is no Linux");
        var linker = new ExternalProgram(ExternalProgram.Find("ldd") ?? throw Missing("ldd is not installed"));
        var needed = new SortedSet<string>(StringComparer.Ordinal);
        var loaded = rdma ? RdmaLibraries() : [];
        needed.UnionWith(loaded);
        foreach (var file in Directory.GetFiles(program, "*.so").Append(Path.Combine(program, "dwcpd")).Concat(loaded))
        {
            var listed = await linker.RunAsync([file], cancellationToken: cancellationToken).ConfigureAwait(false);
            foreach (var library in listed.Output.Select(l => LibraryPath().Match(l)).Where(m => m.Success).Select(m => m.Value))
            {
                // The libraries that .NET brings itself, and tracing, which is off, stay out.
                if (!library.StartsWith(program, StringComparison.Ordinal) && !library.Contains("lttng", StringComparison.Ordinal))
                    needed.Add(library);
            }
        }

        var directory = needed.Except(loaded).Select(n => Path.GetDirectoryName(n)!).GroupBy(d => d).OrderByDescending(g => g.Count()).FirstOrDefault()?.Key ?? throw Missing("ldd named no library");
        foreach (var name in LoadedByName)
        {
            needed.Add(new[] { directory, "/usr" + directory, "/usr/lib64", "/lib64" }.Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists)
                ?? throw Missing($"{name} (OpenSSL 3) is not installed"));
        }

        foreach (var library in needed)
            Copy(library, root);
        if (rdma)
        {
            // Says which provider serves which device.
            foreach (var driver in Directory.GetFiles(ProviderDirectory, "*.driver"))
                Copy(driver, root);
        }

        var certificates = Certificates.FirstOrDefault(File.Exists) ?? throw Missing("ca-certificates are not installed");
        Copy(certificates, root, Certificates[0]);
        Directory.CreateDirectory(Path.Combine(root, "tmp"));
    }

    /// <summary>UCX with the modules that it looks for beside itself, and the providers that libibverbs loads by name.</summary>
    private static List<string> RdmaLibraries()
    {
        var directory = new[] { "/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64" }.FirstOrDefault(d => File.Exists(Path.Combine(d, "libucp.so.0")))
            ?? throw Missing("UCX is not installed (Debian: apt-get install libucx0 ibverbs-providers)");
        var providers = Path.Combine(directory, "libibverbs");
        if (!Directory.Exists(providers) || !Directory.Exists(ProviderDirectory))
            throw Missing("the verbs providers are not installed (Debian: apt-get install ibverbs-providers)");
        return
        [
            .. new[] { "libucp.so.0", "libucs.so.0", "libuct.so.0", "libucm.so.0" }.Select(n => Path.Combine(directory, n)),
            .. Directory.GetFiles(Path.Combine(directory, "ucx"), "*.so.0"),
            .. Directory.GetFiles(providers, "*.so"),
        ];
    }

    private static void Copy(string source, string root, string? path = null)
    {
        var target = Path.Combine(root, (path ?? source).TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        // Through links: the image has no use for them.
        File.Copy(Path.GetFullPath(File.ResolveLinkTarget(source, true)?.FullName ?? source), target, overwrite: true);
    }

    private static DwcpStagingException Missing(string what) =>
        new(StagingStage.Image, "image without a base (scratch)", what, $"Build with the usual base ({ImageOptions.DefaultBaseImage}), or on a Linux machine that has it.");

    [GeneratedRegex(@"/\S+\.so[^\s)]*")]
    private static partial Regex LibraryPath();
}
