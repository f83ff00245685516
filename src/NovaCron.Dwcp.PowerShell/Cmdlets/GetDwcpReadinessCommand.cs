using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Readiness;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Lists every criterion on the way to production, from before the deployment to the end of the rollout, each with its evidence or attestation.</summary>
/// <remarks>Evidence comes from a validation report (given or from the pipeline) and from the cluster. Without a report, what its checks would show is Unknown; Unknown is never met.</remarks>
/// <example>
/// <para>Validates and lists what is not met.</para>
/// <code>Invoke-DwcpValidation -Namespace staging | Get-DwcpReadiness | Where-Object Status -ne Met</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpReadiness")]
[OutputType(typeof(ReadinessCriterion))]
public sealed class GetDwcpReadinessCommand : ClusterCmdlet
{
    /// <summary>The report whose checks are evidence.</summary>
    [Parameter(ValueFromPipeline = true)]
    public DwcpValidationReport? Report { get; set; }

    /// <summary>Stages to show; all by default.</summary>
    [Parameter(Position = 0)]
    public ReadinessStage[] Stage { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var criteria = WithCluster(Namespace, (connection, cancellationToken) => new ReadinessService(connection, Namespace).ReadAsync(Report, cancellationToken));
        WriteObject(criteria.Where(criterion => Stage.Length == 0 || Stage.Contains(criterion.Stage)), enumerateCollection: true);
    }
}
