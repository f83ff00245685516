using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Records the caller's approval of a validation report, bound to the images and manifests that were validated.</summary>
/// <remarks>The approver is who the API server authenticates; for a REVIEW the reason says why what is left may be waived.</remarks>
/// <example>
/// <para>Validates with one identity and approves with another.</para>
/// <code>Invoke-DwcpValidation -Namespace staging | Approve-DwcpValidation -Context bob@rehearsal -Reason 'All blocking categories complete.'</code>
/// </example>
[Cmdlet(VerbsLifecycle.Approve, "DwcpValidation", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(DwcpValidationReport))]
public sealed class ApproveDwcpValidationCommand : ClusterCmdlet
{
    /// <summary>The report to approve, from Invoke-DwcpValidation.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public DwcpValidationReport Report { get; set; } = null!;

    /// <summary>Why it may go on.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ShouldProcess($"validation {Report.Id} of {Report.Release} in {Report.Namespace}", "Approve"))
            WriteObject(WithCluster(Report.Id, (connection, cancellationToken) => new ValidationRunner(connection).ApproveAsync(Report, Reason, cancellationToken)));
    }
}
