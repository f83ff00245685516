using System.Management.Automation;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Removes what New-DwcpStaging created, and nothing else. Stored data and custom resource definitions stay unless asked for otherwise.</summary>
/// <example>
/// <para>Removes the deployment without asking; the stored data stays.</para>
/// <code>Remove-DwcpStaging -Namespace staging -Confirm:$false</code>
/// </example>
/// <example>
/// <para>Removes the deployment, and then all that Terraform made for it, stored data included: shows the plan and asks.</para>
/// <code>Remove-DwcpStaging -Namespace staging -Infrastructure Aws -RemoveData -Region eu-central-1 -StateBucket my-terraform-state -EksCluster dwcp-staging</code>
/// </example>
[Cmdlet(VerbsCommon.Remove, "DwcpStaging", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(StagingChange))]
public sealed class RemoveDwcpStagingCommand : InfrastructureCmdlet
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
        if (IsOnAws && !RemoveData)
        {
            ThrowTerminatingError(new ErrorRecord(new PSArgumentException("-Infrastructure Aws destroys the file system with the stored objects too: say so with -RemoveData, or leave -Infrastructure out."),
                "Dwcp.InvalidArgument", ErrorCategory.InvalidArgument, Namespace));
        }

        if (!ShouldProcess($"namespace {Namespace}", RemoveData ? "Remove DWCP v3 and its stored data" : "Remove DWCP v3", null, out var reason)
            && reason != ShouldProcessReason.WhatIf)
            return;
        var changes = WithCluster(Namespace, (connection, cancellationToken) => new StagingService(connection)
            .RemoveAsync(Namespace, AllowProduction, RemoveData, reason == ShouldProcessReason.WhatIf, cancellationToken));
        WriteObject(changes, enumerateCollection: true);
        if (IsOnAws && Change(destroy: true) is { } destroyed)
            WriteObject(destroyed.Applied.Select(c => new StagingChange(c.Address, "removed", [])), enumerateCollection: true);
    }
}
