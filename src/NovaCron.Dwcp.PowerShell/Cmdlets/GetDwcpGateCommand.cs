using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation.Gates;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Lists what a gate asserts: id, tag, title. Needs no cluster; the Pester suites in tests/Gates discover their tests by it.</summary>
/// <example>
/// <para>Lists the assertions of the rollout gate.</para>
/// <code>Get-DwcpGate Rollout</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpGate")]
[OutputType(typeof(GateAssertion))]
public sealed class GetDwcpGateCommand : PSCmdlet
{
    /// <summary>The gates; all by default.</summary>
    [Parameter(Position = 0)]
    public DwcpGate[] Gate { get; set; } = Enum.GetValues<DwcpGate>();

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Gate.SelectMany(GateService.Assertions), enumerateCollection: true);
}
