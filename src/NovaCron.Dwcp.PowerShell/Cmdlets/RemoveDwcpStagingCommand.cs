using System.Management.Automation;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Removes what New-DwcpStaging created, and nothing else. Stored data and custom resource definitions stay unless asked for otherwise.</summary>
/// <example>
/// <para>Removes the deployment without asking; the stored data stays.</para>
/// <code>Remove-DwcpStaging -Namespace staging -Confirm:$false</code>
/// </example>
[Cmdlet(VerbsCommon.Remove, "DwcpStaging", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(StagingChange))]
public sealed class RemoveDwcpStagingCommand : ClusterCmdlet
{
    /// <summary>Also removes the claim with the stored objects.</summary>
    [Parameter]
    public SwitchParameter RemoveData { get; set; }

    /// <summary>Allows a namespace or context whose name says production.</summary>
    [Parameter]
    public SwitchParameter AllowProduction { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!ShouldProcess($"namespace {Namespace}", RemoveData ? "Remove DWCP v3 and its stored data" : "Remove DWCP v3", null, out var reason)
            && reason != ShouldProcessReason.WhatIf)
            return;
        var changes = WithCluster(Namespace, (connection, cancellationToken) => new StagingService(connection)
            .RemoveAsync(Namespace, AllowProduction, RemoveData, reason == ShouldProcessReason.WhatIf, cancellationToken));
        WriteObject(changes, enumerateCollection: true);
    }
}
