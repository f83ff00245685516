using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Faults;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Breaks a part of a rehearsal cluster on purpose.</summary>
[Cmdlet(VerbsCommon.Add, "DwcpRehearsalFault", DefaultParameterSetName = "Protocol")]
public sealed class AddDwcpRehearsalFaultCommand : RehearsalCmdlet
{
    /// <summary>The cluster.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public RehearsalCluster Cluster { get; set; } = null!;

    /// <summary>The protocol version that fails or slows: v1 or v3.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Protocol")]
    [ValidateSet("v1", "v3")]
    public string Version { get; set; } = "";

    /// <summary>Share of its requests that fail on the server, 0 to 1.</summary>
    [Parameter(ParameterSetName = "Protocol")]
    [ValidateRange(0.0, 1.0)]
    public double FailShare { get; set; }

    /// <summary>How long each of its requests is held up.</summary>
    [Parameter(ParameterSetName = "Protocol")]
    public TimeSpan Delay { get; set; }

    /// <summary>A pod whose processes are killed.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Pod")]
    public string Pod { get; set; } = "";

    /// <summary>A Service that refuses connections.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Service")]
    public string Service { get; set; } = "";

    /// <summary>The metrics of every node pod stand still.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Metrics")]
    public SwitchParameter FrozenMetrics { get; set; }

    /// <summary>Namespace of pod or service.</summary>
    [Parameter(ParameterSetName = "Pod")]
    [Parameter(ParameterSetName = "Service")]
    public string Namespace { get; set; } = "staging";

    /// <inheritdoc/>
    protected override void ProcessRecord() => Await(Cluster, cancellationToken => ParameterSetName switch
    {
        "Pod" => Cluster.Faults.KillPodAsync(Namespace, Pod, cancellationToken),
        "Service" => Cluster.Faults.CutServiceAsync(Namespace, Service, cancellationToken),
        "Metrics" => Cluster.Faults.FreezeMetricsAsync(true, cancellationToken),
        _ => Cluster.Faults.SetProtocolFaultAsync(Version, new ProtocolFault(FailShare, Delay), cancellationToken),
    });
}
