using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Stops the traffic, waits for what is under way, reads every acknowledged object back, and gives the final counts.</summary>
[Cmdlet(VerbsLifecycle.Stop, "DwcpRehearsalTraffic")]
[OutputType(typeof(TrafficSnapshot))]
public sealed class StopDwcpRehearsalTrafficCommand : TrafficCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Await(Traffic, Traffic.StopAsync));
}
