using System.Management.Automation;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Backups;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Puts a saved configuration back: what was deployed then is applied again, what came since is removed. Traffic does not move.</summary>
/// <remarks>Flag, ceiling, replicas, Secrets and stored data stay as they are. To take traffic away from v3 use Invoke-DwcpRollback, which is faster.</remarks>
/// <example>
/// <para>Shows what the newest backup would change, and changes nothing.</para>
/// <code>Restore-DwcpConfiguration -Namespace production -WhatIf</code>
/// </example>
/// <example>
/// <para>Puts a backup back from a file, without asking.</para>
/// <code>Restore-DwcpConfiguration -Path ./before.json -Namespace production -Confirm:$false</code>
/// </example>
[Cmdlet(VerbsData.Restore, "DwcpConfiguration", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High, DefaultParameterSetName = NameSet)]
[OutputType(typeof(StagingChange))]
public sealed class RestoreDwcpConfigurationCommand : ClusterCmdlet
{
    private const string NameSet = "Name";
    private const string PathSet = "Path";

    /// <summary>Backup in the cluster, as Backup-DwcpConfiguration named it; the newest by default.</summary>
    [Parameter(Position = 0, ParameterSetName = NameSet, ValueFromPipelineByPropertyName = true)]
    [ValidatePattern("^dwcp-v3-backup-[0-9-]+$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    public string? Name { get; set; }

    /// <summary>File that Backup-DwcpConfiguration wrote.</summary>
    [Parameter(Mandatory = true, ParameterSetName = PathSet)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>How long workloads may take to run what was restored.</summary>
    [Parameter]
    public TimeSpan ReadyTimeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = Path is null ? null : ResolvePath(Path);
        if (!ShouldProcess($"namespace {Namespace}", $"Restore {path ?? Name ?? "the newest backup"}", null, out var reason) && reason != ShouldProcessReason.WhatIf)
            return;
        var progress = OnPipeline<StagingProgress>(p =>
        {
            if (p.IsWarning)
                WriteWarning(p.Message);
            else
                WriteVerbose(p.Message);
            WriteProgress(new ProgressRecord(0, "Restoring DWCP v3", p.Message) { PercentComplete = p.Percent });
        });
        var changes = WithCluster(Namespace, (connection, cancellationToken) => new BackupService(connection)
            .RestoreAsync(Namespace, Name, path, ReadyTimeout, reason == ShouldProcessReason.WhatIf, progress, cancellationToken));
        WriteProgress(new ProgressRecord(0, "Restoring DWCP v3", "Done") { RecordType = ProgressRecordType.Completed });
        WriteObject(changes, enumerateCollection: true);
    }
}
