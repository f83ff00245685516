using System.Management.Automation;
using NovaCron.Dwcp.Operations.Images;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Builds the image of dwcpd, looks into it, writes its bill of materials, and pushes it to a registry.</summary>
/// <remarks>Uses docker, podman or buildah, whichever works. An image that runs as root, holds a shell or is too big is refused. The result names the image by digest.</remarks>
/// <example>
/// <para>Builds the repository's Dockerfile and pushes the image.</para>
/// <code>Publish-DwcpImage . -Registry registry.example:5000/novacron -Tag 3.0.0</code>
/// </example>
/// <example>
/// <para>Wraps a published dwcpd with this machine's own libraries, without pulling anything, and deploys it by its digest.</para>
/// <code>$image = Publish-DwcpImage ./artifacts/dwcpd -BaseImage scratch -Registry localhost:5000 -AllowInsecureRegistry; New-DwcpStaging -Image $image</code>
/// </example>
[Cmdlet(VerbsData.Publish, "DwcpImage", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(DwcpImage))]
public sealed class PublishDwcpImageCommand : DwcpCmdlet
{
    /// <summary>The repository, or a directory with a published dwcpd (dotnet publish src/NovaCron.Dwcp.Node -c Release -r linux-x64).</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Where to push, for example registry.example:5000/novacron; without it the image stays on this machine.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Registry { get; set; }

    /// <summary>Tag of the image.</summary>
    [Parameter]
    [ValidatePattern("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    public string Tag { get; set; } = "3.0.0";

    /// <summary>Base of the last stage; scratch takes the libraries of this machine.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string BaseImage { get; set; } = ImageOptions.DefaultBaseImage;

    /// <summary>With UCX and the verbs providers, for RDMA in a datacentre; about 6 MB more.</summary>
    [Parameter]
    public SwitchParameter Rdma { get; set; }

    /// <summary>Which program builds; the first that works by default.</summary>
    [Parameter]
    [ValidateSet("docker", "podman", "buildah")]
    public string? Tool { get; set; }

    /// <summary>Allows a registry that speaks plain HTTP or has a certificate that nobody signed.</summary>
    [Parameter]
    public SwitchParameter AllowInsecureRegistry { get; set; }

    /// <summary>File for the bill of materials (CycloneDX JSON).</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? BillOfMaterials { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess(Registry is null ? Path : $"{Registry}/dwcpd:{Tag}", "Build and push the image of dwcpd"))
            return;
        var options = new ImageOptions
        {
            Path = ResolvePath(Path),
            Registry = Registry,
            Tag = Tag,
            BaseImage = BaseImage,
            Rdma = Rdma,
            Tool = Tool,
            AllowInsecureRegistry = AllowInsecureRegistry,
            BillOfMaterialsPath = BillOfMaterials is null ? null : ResolvePath(BillOfMaterials),
        };
        var progress = OnPipeline<string>(line =>
        {
            WriteVerbose(line);
            WriteProgress(new ProgressRecord(0, "Image of dwcpd", line.Length > 80 ? line[..80] : line.Length == 0 ? " " : line));
        });
        WriteObject(Await(Path, cancellationToken => new ImagePublisher().PublishAsync(options, progress, cancellationToken)));
        WriteProgress(new ProgressRecord(0, "Image of dwcpd", "Done") { RecordType = ProgressRecordType.Completed });
    }
}
