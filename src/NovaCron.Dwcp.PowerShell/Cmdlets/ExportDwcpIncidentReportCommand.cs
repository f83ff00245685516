using System.Management.Automation;
using NovaCron.Dwcp.Operations.Reports;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Writes the incident report of a rollback from what it left in the cluster, whoever carried it out: Markdown, JSON, HTML, saved logs and metrics.</summary>
/// <example>
/// <para>Writes the report of the last rollback, for example the guardian's.</para>
/// <code>Export-DwcpIncidentReport ./incident -Namespace production</code>
/// </example>
[Cmdlet(VerbsData.Export, "DwcpIncidentReport", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(DwcpRollbackReport))]
public sealed class ExportDwcpIncidentReportCommand : ClusterCmdlet
{
    /// <summary>Directory for the files.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string OutputDirectory { get; set; } = "";

    /// <summary>Id of the incident; the last one by default.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Incident { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var directory = ResolvePath(OutputDirectory);
        if (ShouldProcess(directory, "Write incident report"))
            WriteObject(WithCluster(Incident ?? Namespace, (connection, cancellationToken) =>
                IncidentReport.ExportAsync(connection, Namespace, Incident, directory, cancellationToken)));
    }
}
