using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Cluster;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Mends everything that was broken on purpose.</summary>
[Cmdlet(VerbsCommon.Remove, "DwcpRehearsalFault")]
public sealed class RemoveDwcpRehearsalFaultCommand : RehearsalCmdlet
{
    /// <summary>The cluster.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public RehearsalCluster Cluster { get; set; } = null!;

    /// <inheritdoc/>
    protected override void ProcessRecord() => Await(Cluster, Cluster.Faults.ClearAsync);
}
