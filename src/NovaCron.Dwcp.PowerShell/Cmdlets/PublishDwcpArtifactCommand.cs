using System.Management.Automation;
using NovaCron.Dwcp.Aws;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Uploads reports, manifests and logs to the artifact bucket in S3.</summary>
/// <remarks>Credentials and region come from -ProfileName and -Region, else from the session (Set-AWSCredential), else from the default chain.</remarks>
/// <example>
/// <para>Uploads what a validation wrote.</para>
/// <code>Publish-DwcpArtifact ./out/validation -Bucket dwcp-staging-artifacts-1 -Prefix validation/2026-03-01 -Region eu-central-1</code>
/// </example>
[Cmdlet(VerbsData.Publish, "DwcpArtifact", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(DwcpArtifact))]
public sealed class PublishDwcpArtifactCommand : DwcpCmdlet
{
    /// <summary>File or directory; a directory with everything below it.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Name of the bucket (terraform output artifact_bucket).</summary>
    [Parameter(Mandatory = true)]
    [ValidatePattern("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    public string Bucket { get; set; } = "";

    /// <summary>Folder in the bucket.</summary>
    [Parameter]
    [ValidatePattern("^[A-Za-z0-9!_.*'()/-]{1,512}$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    public string? Prefix { get; set; }

    /// <summary>AWS region, for example eu-central-1; by default that of the session, the environment or the profile.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Region { get; set; }

    /// <summary>AWS profile; by default what the session has stored (Set-AWSCredential), else the SDK's default chain.</summary>
    [Parameter]
    [Alias("AwsProfile")]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = ResolvePath(Path);
        var files = ArtifactFiles.Below(path, Prefix);
        if (files.Count == 0)
        {
            WriteError(new ErrorRecord(new FileNotFoundException($"{path} is no file and holds none."), "Dwcp.PathNotFound", ErrorCategory.ObjectNotFound, path));
            return;
        }

        if (!ShouldProcess($"s3://{Bucket}/{Prefix}", $"Upload {files.Count} files from {path}"))
            return;
        var options = AwsParameters.Read(this, ProfileName, Region);
        var sink = OnPipeline<DwcpArtifact>(WriteObject);
        Await(Bucket, cancellationToken => ArtifactFiles.UploadAsync(AwsSession.Open(options), Bucket, files, sink, cancellationToken));
    }
}
