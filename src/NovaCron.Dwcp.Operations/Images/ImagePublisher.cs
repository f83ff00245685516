using System.Globalization;
using NovaCron.Dwcp.Operations.Processes;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Images;

/// <summary>
/// Builds dwcpd's image with docker, podman or buildah, looks into what came out (no root, no shell, not too big), writes its bill of materials and
/// pushes it. What is returned names the image by the digest that the registry confirmed.
/// </summary>
public sealed class ImagePublisher(TimeProvider? time = null)
{
    private const string Repository = "dwcpd";
    private const string ProgramDirectory = "usr/lib/dwcpd";
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <param name="options">What to build and where to push.</param>
    /// <param name="progress">Told what happens, one line each.</param>
    /// <param name="cancellationToken">Ends the tool that is at work.</param>
    /// <exception cref="DwcpStagingException">No tool, a failed build, an image that must not be deployed, a registry that does not take it.</exception>
    public async Task<DwcpImage> PublishAsync(ImageOptions options, IProgress<string>? progress = null, CancellationToken cancellationToken = default)
    {
        var started = _time.GetTimestamp();
        var tool = await ContainerTool.FindAsync(options.Tool, cancellationToken).ConfigureAwait(false);
        var scratch = Directory.CreateTempSubdirectory("dwcp-image-").FullName;
        var tag = $"localhost/{Repository}:{options.Tag}";
        try
        {
            progress?.Report($"building with {tool.Name}");
            await BuildAsync(tool, options, tag, scratch, progress, cancellationToken).ConfigureAwait(false);
            var archiveFile = Path.Combine(scratch, "image.tar");
            Require(await tool.SaveAsync(tag, archiveFile, cancellationToken).ConfigureAwait(false), $"image {tag}", "could not be saved", "Look at the tool's storage.");
            var archive = ImageArchive.Read(archiveFile, $"{ProgramDirectory}/dwcpd.deps.json");
            Inspect(archive, options, tag);
            progress?.Report(string.Create(CultureInfo.InvariantCulture, $"{archive.Size / 1e6:0.0} MB, user {archive.User}, no shell"));
            var (bill, components) = archive.DependencyFile is { } dependencies
                ? BillOfMaterials.Write(dependencies, Repository, options.Tag)
                : throw new DwcpStagingException(StagingStage.Image, $"image {tag}", $"holds no {ProgramDirectory}/dwcpd.deps.json", "Publish dwcpd as one directory, not as a single file.");
            if (options.BillOfMaterialsPath is { } path)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
                await File.WriteAllTextAsync(path, bill, cancellationToken).ConfigureAwait(false);
            }

            var digest = options.Registry is null ? null : await PushAsync(tool, options, tag, progress, cancellationToken).ConfigureAwait(false);
            return new DwcpImage
            {
                Reference = digest is null ? tag : $"{options.Registry!.TrimEnd('/')}/{Repository}@{digest}",
                Tag = options.Registry is null ? tag : $"{options.Registry.TrimEnd('/')}/{Repository}:{options.Tag}",
                Digest = digest,
                Size = archive.Size,
                User = archive.User,
                BillOfMaterials = options.BillOfMaterialsPath,
                Components = components,
                Tool = tool.Name,
                Duration = _time.GetElapsedTime(started),
            };
        }
        finally
        {
            Directory.Delete(scratch, recursive: true);
        }
    }

    private static async Task BuildAsync(ContainerTool tool, ImageOptions options, string tag, string scratch, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(options.Path);
        var arguments = new Dictionary<string, string>();
        string directory;
        if (File.Exists(Path.Combine(path, "dwcpd")) && File.Exists(Path.Combine(path, "dwcpd.dll")))
        {
            if (options.Rdma && options.BaseImage != ImageOptions.NoBaseImage)
            {
                throw new DwcpStagingException(StagingStage.Image, path, $"is a published program, and libraries for RDMA that fit {options.BaseImage} are not here",
                    "Build from the repository (its Dockerfile installs them), or without a base (-BaseImage scratch), which takes this machine's.");
            }

            directory = Path.Combine(scratch, "context");
            await LayOutAsync(path, directory, options, cancellationToken).ConfigureAwait(false);
        }
        else if (File.Exists(Path.Combine(path, "Dockerfile")))
        {
            if (options.BaseImage == ImageOptions.NoBaseImage)
            {
                throw new DwcpStagingException(StagingStage.Image, path, "is a source tree, and an image without a base is made from a published program",
                    "Publish first (dotnet publish src/NovaCron.Dwcp.Node -c Release -r linux-x64 -o DIRECTORY) and name that directory.");
            }

            directory = path;
            arguments["BASE_IMAGE"] = options.BaseImage;
            arguments["RDMA"] = options.Rdma ? "true" : "false";
        }
        else
        {
            throw new DwcpStagingException(StagingStage.Image, path, "holds neither a published dwcpd nor a Dockerfile",
                "Name the repository, or the directory of dotnet publish src/NovaCron.Dwcp.Node -c Release -r linux-x64.");
        }

        var built = await tool.BuildAsync(directory, tag, arguments, line => progress?.Report(line), cancellationToken).ConfigureAwait(false);
        Require(built, $"image {tag}", $"{tool.Name} could not build it", "Correct what it says; where the base image cannot be pulled, name another one (-BaseImage, or scratch).");
    }

    /// <summary>The last stage alone: a tree of files as they will be in the image, with the rights that they will have.</summary>
    private static async Task LayOutAsync(string program, string directory, ImageOptions options, CancellationToken cancellationToken)
    {
        var root = Path.Combine(directory, "root");
        var target = Path.Combine(root, ProgramDirectory);
        Directory.CreateDirectory(target);
        foreach (var file in Directory.GetFiles(program))
        {
            // Crash dumps need rights that no pod has; documentation and symbols serve nobody there.
            if (Path.GetFileName(file) is not "createdump" && Path.GetExtension(file) is not (".xml" or ".pdb"))
                File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        }

        if (options.BaseImage == ImageOptions.NoBaseImage)
            await MachineLibraries.CopyAsync(program, root, options.Rdma, cancellationToken).ConfigureAwait(false);
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode Read = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
            const UnixFileMode Execute = Read | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
            foreach (var entry in Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories))
                File.SetUnixFileMode(entry, Directory.Exists(entry) || !Path.HasExtension(entry) || Path.GetFileName(entry).Contains(".so", StringComparison.Ordinal) ? Execute : Read);
            if (Directory.Exists(Path.Combine(root, "tmp")))
                File.SetUnixFileMode(Path.Combine(root, "tmp"), Execute | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite | UnixFileMode.StickyBit);
        }

        await File.WriteAllTextAsync(Path.Combine(directory, "Dockerfile"), $"""
            FROM {options.BaseImage}
            COPY root/ /
            ENV DOTNET_EnableDiagnostics=0
            USER 65532:65532
            EXPOSE 8080 8081 9090 7420/tcp 7420/udp
            ENTRYPOINT ["/{ProgramDirectory}/dwcpd"]
            CMD ["serve"]

            """, cancellationToken).ConfigureAwait(false);
    }

    private static void Inspect(ImageArchive archive, ImageOptions options, string tag)
    {
        var faults = new List<string>();
        if (archive.User.Split(':')[0] is "" or "0" or "root")
            faults.Add("it runs as root");
        if (archive.ShellPrograms.Count > 0)
            faults.Add($"it holds {string.Join(", ", archive.ShellPrograms.Select(s => "/" + s))}");
        if (archive.Size > options.MaximumSize)
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"it has {archive.Size / 1e6:0.0} MB, at most {options.MaximumSize / 1e6:0} are allowed"));
        if (!archive.EntryPoint.EndsWith("/dwcpd", StringComparison.Ordinal))
            faults.Add($"its entry point is '{archive.EntryPoint}'");
        if (faults.Count > 0)
        {
            throw new DwcpStagingException(StagingStage.Image, $"image {tag}", string.Join("; ", faults),
                "Build from the repository's Dockerfile on a base without a shell (such as the chiseled ones).");
        }
    }

    private async Task<string> PushAsync(ContainerTool tool, ImageOptions options, string tag, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var target = $"{options.Registry!.TrimEnd('/')}/{Repository}:{options.Tag}";
        for (var attempt = 1; ; attempt++)
        {
            progress?.Report(attempt == 1 ? $"pushing {target}" : string.Create(CultureInfo.InvariantCulture, $"pushing {target}, attempt {attempt} of {options.PushAttempts}"));
            var (result, digest) = await tool.PushAsync(tag, target, options.AllowInsecureRegistry, cancellationToken).ConfigureAwait(false);
            if (result.Succeeded && digest is not null)
                return digest;
            var complaint = result.Succeeded ? "the registry confirmed no digest" : result.Complaint(2);
            if (attempt >= Math.Clamp(options.PushAttempts, 1, 20) || IsRefusal(complaint))
            {
                throw new DwcpStagingException(StagingStage.Image, $"registry {options.Registry}",
                    string.Create(CultureInfo.InvariantCulture, $"did not take {target} ({attempt} attempts): {complaint}"),
                    IsRefusal(complaint) ? $"Log in first ({tool.Name} login), or ask for the right to push." : "Check that the registry is up and reachable; run it again, layers that arrived are not sent twice.");
            }

            await Task.Delay(FirstDelay * Math.Pow(2, attempt - 1), _time, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool IsRefusal(string complaint) =>
        complaint.Contains("unauthorized", StringComparison.OrdinalIgnoreCase) || complaint.Contains("denied", StringComparison.OrdinalIgnoreCase);

    private static void Require(ProgramResult result, string target, string what, string remedy)
    {
        if (!result.Succeeded)
            throw new DwcpStagingException(StagingStage.Image, target, $"{what}: {result.Complaint()}", remedy);
    }
}
