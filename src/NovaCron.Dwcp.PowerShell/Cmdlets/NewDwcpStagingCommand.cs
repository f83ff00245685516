using System.Management.Automation;
using NovaCron.Dwcp.Aws;
using NovaCron.Dwcp.Operations.Images;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Infrastructure;
using NovaCron.Dwcp.PowerShell.Completion;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Stages DWCP v3 in a namespace: applies the manifests, waits until everything is ready, verifies it, and says what it did.</summary>
/// <remarks>Running it again changes only what differs. With -WhatIf the server says what would change, and nothing is changed.</remarks>
/// <example>
/// <para>Stages the release with the default settings and shows what was done.</para>
/// <code>New-DwcpStaging -Namespace staging</code>
/// </example>
/// <example>
/// <para>Shows what would change, as the API server sees it, and changes nothing.</para>
/// <code>New-DwcpStaging -Namespace staging -Values ./values.yaml -WhatIf | ForEach-Object Difference</code>
/// </example>
/// <example>
/// <para>Builds the image of this repository, pushes it, and deploys exactly that.</para>
/// <code>New-DwcpStaging -Namespace staging -ImageSource . -Registry registry.example:5000/novacron</code>
/// </example>
/// <example>
/// <para>Puts a release that got its GO in namespace staging into production, at 0 %: exactly the images that were validated, after saving what is there.</para>
/// <code>New-DwcpStaging -Namespace production -AllowProduction -Release 3.0.0 -Values ./production.yaml -OutputDirectory ./deployment</code>
/// </example>
/// <example>
/// <para>From an empty AWS account: shows Terraform's plan, asks, applies it, deploys to the EKS cluster that came out, and uploads what was written to the artifact bucket.</para>
/// <code>New-DwcpStaging -Infrastructure Aws -Region eu-central-1 -StateBucket my-terraform-state -InfrastructureVariable @{ client_cidrs = @('203.0.113.0/24'); api_cidrs = @('198.51.100.7/32') } -OutputDirectory ./out</code>
/// </example>
[Cmdlet(VerbsCommon.New, "DwcpStaging", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(DwcpStaging))]
public sealed class NewDwcpStagingCommand : InfrastructureCmdlet
{
    /// <summary>YAML file with the settings of the deployment; what it leaves out keeps its default.</summary>
    [Parameter(Position = 0)]
    [Alias("ValuesPath")]
    [ValidateNotNullOrEmpty]
    public string? Values { get; set; }

    /// <summary>Image of node and guardian, over the one in Values.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Image { get; set; }

    /// <summary>The repository or a published dwcpd: its image is built and pushed to Registry first, and deployed by its digest.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ImageSource { get; set; }

    /// <summary>Registry for ImageSource, as the cluster reaches it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Registry { get; set; }

    /// <summary>Release name, over the one in Values. For production: the release whose GO is deployed.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Release { get; set; }

    /// <summary>Monitoring, over the one in Values: Bundled (Prometheus, Alertmanager, Grafana), Operator, Existing or None.</summary>
    [Parameter]
    [ValidateSet("None", "Bundled", "Operator", "Existing")]
    public string? MonitoringStack { get; set; }

    /// <summary>Only these stages; verification always runs.</summary>
    [Parameter]
    public StagingStage[] Stage { get; set; } = [];

    /// <summary>All stages but these.</summary>
    [Parameter]
    public StagingStage[] SkipStage { get; set; } = [];

    /// <summary>Replaces every generated secret and certificate; pods restart and clients need the new key.</summary>
    [Parameter]
    public SwitchParameter RotateSecrets { get; set; }

    /// <summary>Allows a namespace or context whose name says production. Such a namespace gets only a Release with a recorded and approved GO.</summary>
    [Parameter]
    public SwitchParameter AllowProduction { get; set; }

    /// <summary>Where the Release was staged and got its GO, for a deployment into production.</summary>
    [Parameter]
    [ValidatePattern("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string StagingNamespace { get; set; } = "staging";

    /// <summary>Directory for deployment-log.jsonl, staging-deployment-info.json and staging-outputs.json.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>How long workloads may take to become ready.</summary>
    [Parameter]
    public TimeSpan ReadyTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>S3 bucket that gets the files of OutputDirectory and the manifests; with -Infrastructure Aws the bucket that Terraform made.</summary>
    [Parameter]
    [ValidatePattern("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    public string? ArtifactBucket { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        // What is wrong with the settings is told before Terraform works for half an hour.
        var options = Await(Namespace, _ => Task.FromResult(Options()));
        InfrastructureResult? made = null;
        if (IsOnAws)
        {
            made = Change(destroy: false);
            if (made is null)
                return;
            EksCluster ??= made.Output("cluster_name");
            Region ??= made.Output("region");
            ArtifactBucket ??= made.Output("artifact_bucket");
        }

        if (!ShouldProcess($"namespace {Namespace}", "Stage DWCP v3", null, out var reason) && reason != ShouldProcessReason.WhatIf)
            return;
        var progress = OnPipeline<StagingProgress>(Show);
        options = options with { WhatIf = reason == ShouldProcessReason.WhatIf };
        if (made is not null)
            options = options with { Values = AwsInfrastructure.Complete(options.Values, made), InfrastructureOutputs = made.Outputs };
        var staging = WithCluster(Namespace, (connection, cancellationToken) => new StagingService(connection).DeployAsync(options, progress, cancellationToken));
        if (!options.WhatIf)
            Upload(options, staging);
        WriteProgress(new ProgressRecord(0, "Staging DWCP v3", "Done") { RecordType = ProgressRecordType.Completed });
        WriteObject(staging);
    }

    /// <summary>What was written and the manifests as they are, beside each other in the bucket.</summary>
    private void Upload(StagingOptions options, DwcpStaging staging)
    {
        if (ArtifactBucket is not { } bucket || options.OutputDirectory is not { } directory)
        {
            if (ArtifactBucket is not null)
                WriteWarning("Nothing was uploaded: -ArtifactBucket needs -OutputDirectory, whose files it gets.");
            return;
        }

        var time = (staging.AppliedAt ?? DateTimeOffset.UtcNow).UtcDateTime.ToString("yyyyMMdd-HHmmss", System.Globalization.CultureInfo.InvariantCulture);
        var prefix = $"deployments/{Namespace}/{time}-{staging.Release}";
        var (aws, sink) = (AwsOptions(), OnPipeline<DwcpArtifact>(a => WriteVerbose($"Uploaded {a.Uri} ({a.Size} bytes).")));
        Await(bucket, async cancellationToken =>
        {
            await File.WriteAllTextAsync(System.IO.Path.Combine(directory, "manifests.yaml"), StagingService.ExportManifests(options), cancellationToken).ConfigureAwait(false);
            await ArtifactFiles.UploadAsync(AwsSession.Open(aws), bucket, ArtifactFiles.Below(directory, prefix), sink, cancellationToken).ConfigureAwait(false);
        });
    }

    private StagingOptions Options()
    {
        var values = Values is null ? new StagingValues() : StagingValues.Load(ResolvePath(Values));
        return new StagingOptions
        {
            Namespace = Namespace,
            ImageBuild = ImageSource is null ? null : new ImageOptions { Path = ResolvePath(ImageSource), Registry = Registry, Tag = Release ?? values.Release },
            Values = values with { Image = Image ?? values.Image, Release = Release ?? values.Release, Monitoring = MonitoringStack is null ? values.Monitoring : values.Monitoring with { Stack = MonitoringStack } },
            Stages = Stage,
            SkipStages = SkipStage,
            AllowProduction = AllowProduction,
            StagingNamespace = StagingNamespace,
            RequestedImage = Image,
            RotateSecrets = RotateSecrets,
            OutputDirectory = OutputDirectory is null ? null : ResolvePath(OutputDirectory),
            ReadyTimeout = ReadyTimeout,
        };
    }

    private void Show(StagingProgress progress)
    {
        if (progress.IsWarning)
            WriteWarning(progress.Message);
        else
            WriteVerbose($"{progress.Stage}: {progress.Message}");
        WriteProgress(new ProgressRecord(0, "Staging DWCP v3", $"{progress.Stage}: {progress.Message}") { PercentComplete = progress.Percent });
    }
}
