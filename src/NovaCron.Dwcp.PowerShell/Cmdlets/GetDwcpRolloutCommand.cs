using System.Management.Automation;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Shows a rollout as it is, or with -Watch at every check of the guardian.</summary>
/// <example>
/// <para>Shows the rollout as it is.</para>
/// <code>Get-DwcpRollout -Namespace production</code>
/// </example>
/// <example>
/// <para>Watches it for an hour.</para>
/// <code>Get-DwcpRollout -Namespace production -Watch -WatchFor 01:00:00</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpRollout", DefaultParameterSetName = "Now")]
[OutputType(typeof(RolloutObservation))]
public sealed class GetDwcpRolloutCommand : WatchingCmdlet
{
    /// <summary>Goes on until the rollout rests or the time to watch is up.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Watch")]
    public SwitchParameter Watch { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        WithCluster(Namespace, async (connection, cancellationToken) =>
        {
            var service = new RolloutService(connection, Namespace);
            if (Watch)
                await WatchAsync(service, cancellationToken).ConfigureAwait(false);
            else if (await service.ObserveAsync(cancellationToken).ConfigureAwait(false) is { } observation)
                Post(() => WriteObject(observation));
            else
                throw new DwcpRolloutException("NoRollout", $"There is no DwcpRollout in namespace {Namespace}. Begin one with Set-DwcpRollout.");
            return true;
        });
        if (Watch)
            CompleteProgress();
    }
}
