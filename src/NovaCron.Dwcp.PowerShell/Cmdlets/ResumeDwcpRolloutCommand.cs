using System.Management.Automation;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Lets a suspended rollout go on.</summary>
/// <example>
/// <para>Lets it go on.</para>
/// <code>Resume-DwcpRollout -Namespace production</code>
/// </example>
[Cmdlet(VerbsLifecycle.Resume, "DwcpRollout", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(RolloutObservation))]
public sealed class ResumeDwcpRolloutCommand : ClusterCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ShouldProcess($"the rollout in namespace {Namespace}", "Go on"))
            WriteObject(WithCluster(Namespace, async (connection, cancellationToken) =>
            {
                var service = new RolloutService(connection, Namespace);
                return service.Observe(await service.ResumeAsync(cancellationToken).ConfigureAwait(false));
            }));
    }
}
