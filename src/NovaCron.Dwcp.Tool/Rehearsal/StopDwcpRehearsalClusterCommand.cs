using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Cluster;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Ends a rehearsal cluster: its pods' processes, and what it wrote.</summary>
[Cmdlet(VerbsLifecycle.Stop, "DwcpRehearsalCluster")]
public sealed class StopDwcpRehearsalClusterCommand : RehearsalCmdlet
{
    /// <summary>The cluster.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public RehearsalCluster Cluster { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Await(Cluster, async _ => await Cluster.DisposeAsync().ConfigureAwait(false));
}
