using System.Management.Automation;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Says what is staged in a namespace: release, images, workloads, addresses.</summary>
/// <example>
/// <para>Shows what is staged.</para>
/// <code>Get-DwcpStaging -Namespace staging</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpStaging")]
[OutputType(typeof(DwcpStaging))]
public sealed class GetDwcpStagingCommand : ClusterCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord() =>
        WriteObject(WithCluster(Namespace, async (connection, cancellationToken) =>
            await new StagingService(connection).GetAsync(Namespace, cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpStagingException(StagingStage.Verification, $"Namespace {Namespace}", "DWCP v3 is not staged there", "Stage it with New-DwcpStaging.")));
}
