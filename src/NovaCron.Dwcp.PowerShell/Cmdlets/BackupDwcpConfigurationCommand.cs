using System.Management.Automation;
using NovaCron.Dwcp.Operations.Staging.Backups;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Saves what is deployed in a namespace before it is changed, in the cluster and, if wanted, in a file; or lists what was saved.</summary>
/// <remarks>Secrets and stored data are not in it: they stay where they are. The last ten backups are kept. New-DwcpStaging takes one by itself before it changes production.</remarks>
/// <example>
/// <para>Saves the configuration in the cluster, and a copy in a file.</para>
/// <code>Backup-DwcpConfiguration ./before.json -Namespace production</code>
/// </example>
/// <example>
/// <para>Lists the backups of a namespace, newest first.</para>
/// <code>Backup-DwcpConfiguration -List -Namespace production</code>
/// </example>
[Cmdlet(VerbsData.Backup, "DwcpConfiguration", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low, DefaultParameterSetName = TakeSet)]
[OutputType(typeof(DwcpBackup))]
public sealed class BackupDwcpConfigurationCommand : ClusterCmdlet
{
    private const string TakeSet = "Take";
    private const string ListSet = "List";

    /// <summary>File that gets a copy; without it the backup is in the cluster only.</summary>
    [Parameter(Position = 0, ParameterSetName = TakeSet)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Shows what was saved instead of saving.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ListSet)]
    public SwitchParameter List { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (List)
        {
            WriteObject(WithCluster(Namespace, (connection, cancellationToken) => new BackupService(connection).ListAsync(Namespace, cancellationToken)), enumerateCollection: true);
            return;
        }

        if (!ShouldProcess($"namespace {Namespace}", "Save the configuration"))
            return;
        var path = Path is null ? null : ResolvePath(Path);
        WriteObject(WithCluster(Namespace, (connection, cancellationToken) => new BackupService(connection).BackupAsync(Namespace, path, cancellationToken)));
    }
}
