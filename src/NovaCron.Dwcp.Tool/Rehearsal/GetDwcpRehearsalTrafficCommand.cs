using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>The traffic's counts now.</summary>
[Cmdlet(VerbsCommon.Get, "DwcpRehearsalTraffic")]
[OutputType(typeof(TrafficSnapshot))]
public sealed class GetDwcpRehearsalTrafficCommand : TrafficCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Traffic.GetSnapshot());
}
