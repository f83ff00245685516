using System.Management.Automation;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Holds a rollout at its present percent. Rollback keeps working.</summary>
/// <example>
/// <para>Holds the rollout where it is.</para>
/// <code>Suspend-DwcpRollout -Namespace production</code>
/// </example>
[Cmdlet(VerbsLifecycle.Suspend, "DwcpRollout", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(RolloutObservation))]
public sealed class SuspendDwcpRolloutCommand : ClusterCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ShouldProcess($"the rollout in namespace {Namespace}", "Hold at the present percent"))
            WriteObject(WithCluster(Namespace, async (connection, cancellationToken) =>
            {
                var service = new RolloutService(connection, Namespace);
                return service.Observe(await service.SuspendAsync(cancellationToken).ConfigureAwait(false));
            }));
    }
}
