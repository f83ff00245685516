using System.Text.RegularExpressions;
using NovaCron.Dwcp.Operations.Processes;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Images;

/// <summary>The C runtime, OpenSSL and certificates of this machine, for an image without a base.</summary>
internal static partial class MachineLibraries
{
    /// <summary>Loaded by name while the program runs, so that no linker knows of them.</summary>
    private static readonly string[] LoadedByName = ["libssl.so.3", "libcrypto.so.3"];

    private static readonly string[] Certificates = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

    /// <summary>Copies what the programs and libraries in <paramref name="program"/> need into <paramref name="root"/>, under their own paths.</summary>
    public static async Task CopyAsync(string program, string root, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            throw Missing("this machine is no Linux");
        var linker = new ExternalProgram(ExternalProgram.Find("ldd") ?? throw Missing("ldd is not installed"));
        var needed = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var file in Directory.GetFiles(program, "*.so").Append(Path.Combine(program, "dwcpd")))
        {
            var listed = await linker.RunAsync([file], cancellationToken: cancellationToken).ConfigureAwait(false);
            foreach (var library in listed.Output.Select(l => LibraryPath().Match(l)).Where(m => m.Success).Select(m => m.Value))
            {
                // The libraries that .NET brings itself, and tracing, which is off, stay out.
                if (!library.StartsWith(program, StringComparison.Ordinal) && !library.Contains("lttng", StringComparison.Ordinal))
                    needed.Add(library);
            }
        }

        var directory = needed.Select(n => Path.GetDirectoryName(n)!).GroupBy(d => d).OrderByDescending(g => g.Count()).FirstOrDefault()?.Key ?? throw Missing("ldd named no library");
        foreach (var name in LoadedByName)
        {
            needed.Add(new[] { directory, "/usr" + directory, "/usr/lib64", "/lib64" }.Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists)
                ?? throw Missing($"{name} (OpenSSL 3) is not installed"));
        }

        foreach (var library in needed)
            Copy(library, root);
        var certificates = Certificates.FirstOrDefault(File.Exists) ?? throw Missing("ca-certificates are not installed");
        Copy(certificates, root, Certificates[0]);
        Directory.CreateDirectory(Path.Combine(root, "tmp"));
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
