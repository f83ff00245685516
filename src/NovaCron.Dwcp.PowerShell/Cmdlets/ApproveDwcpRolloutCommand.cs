using System.Management.Automation;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.PowerShell.Completion;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Approves one phase of a rollout in the name of the authenticated user, who by default must not be the one who asked for it.</summary>
/// <example>
/// <para>Approves the first phase.</para>
/// <code>Approve-DwcpRollout phase-1 -Namespace production -Reason 'Validation is GO, traffic is normal.'</code>
/// </example>
[Cmdlet(VerbsLifecycle.Approve, "DwcpRollout", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(DwcpApproval))]
public sealed class ApproveDwcpRolloutCommand : ClusterCmdlet
{
    /// <summary>Name of the phase, for example phase-1.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(PhaseCompleter))]
    public string Phase { get; set; } = "";

    /// <summary>Why the phase may begin.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ShouldProcess($"{Phase} of the rollout in namespace {Namespace}", "Approve"))
            WriteObject(WithCluster(Phase, (connection, cancellationToken) => new RolloutService(connection, Namespace).ApproveAsync(Phase, Reason, cancellationToken)));
    }
}
