using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation.Readiness;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Records that an owner (Tech, DevOps, Security or Product) answers for what no program can see, for the release that is deployed.</summary>
/// <remarks>It is a DwcpApproval, so that nobody can attest under another's name, and it does not count for the next release.</remarks>
/// <example>
/// <para>Attests for Security.</para>
/// <code>Approve-DwcpReadiness Security -Namespace staging -Reason 'Scan of 3.0.0 reviewed, threat model signed off in SEC-118.'</code>
/// </example>
[Cmdlet(VerbsLifecycle.Approve, "DwcpReadiness", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(ReadinessCriterion))]
public sealed class ApproveDwcpReadinessCommand : ClusterCmdlet
{
    /// <summary>In whose name.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public ReadinessOwner Owner { get; set; }

    /// <summary>What the attestation rests on.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string Reason { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ShouldProcess($"readiness of namespace {Namespace} for {Owner}", "Approve"))
            WriteObject(WithCluster(Owner, (connection, cancellationToken) => new ReadinessService(connection, Namespace).AttestAsync(Owner, Reason, cancellationToken)));
    }
}
