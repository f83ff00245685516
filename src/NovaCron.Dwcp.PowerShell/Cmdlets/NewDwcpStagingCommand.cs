using System.Management.Automation;
using NovaCron.Dwcp.Operations.Images;
using NovaCron.Dwcp.Operations.Staging;

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
[Cmdlet(VerbsCommon.New, "DwcpStaging", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(DwcpStaging))]
public sealed class NewDwcpStagingCommand : ClusterCmdlet
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

    /// <summary>Release name, over the one in Values.</summary>
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

    /// <summary>Allows a namespace or context whose name says production.</summary>
    [Parameter]
    public SwitchParameter AllowProduction { get; set; }

    /// <summary>Directory for deployment-log.jsonl, staging-deployment-info.json and staging-outputs.json.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>How long workloads may take to become ready.</summary>
    [Parameter]
    public TimeSpan ReadyTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess($"namespace {Namespace}", "Stage DWCP v3", null, out var reason) && reason != ShouldProcessReason.WhatIf)
            return;
        var progress = OnPipeline<StagingProgress>(Show);
        var staging = WithCluster(Namespace, (connection, cancellationToken) =>
            new StagingService(connection).DeployAsync(Options(reason == ShouldProcessReason.WhatIf), progress, cancellationToken));
        WriteProgress(new ProgressRecord(0, "Staging DWCP v3", "Done") { RecordType = ProgressRecordType.Completed });
        WriteObject(staging);
    }

    private StagingOptions Options(bool whatIf)
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
            RotateSecrets = RotateSecrets,
            OutputDirectory = OutputDirectory is null ? null : ResolvePath(OutputDirectory),
            WhatIf = whatIf,
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
