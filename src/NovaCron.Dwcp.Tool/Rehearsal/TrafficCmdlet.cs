using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>A cmdlet about running traffic.</summary>
public abstract class TrafficCmdlet : RehearsalCmdlet
{
    /// <summary>The traffic, from Start-DwcpRehearsalTraffic.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    public TrafficGenerator Traffic { get; set; } = null!;
}
