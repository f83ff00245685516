using System.Management.Automation;
using NovaCron.Dwcp.PowerShell.Transfers;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Shows the transfers of this PowerShell process: those that run, and the last hundred that ended.</summary>
/// <example>
/// <para>Starts a transfer in the background and looks at it.</para>
/// <code>$transfer = Get-DwcpCredential -Namespace staging | Start-DwcpTransfer -Path ./backups -Destination nightly/backups -NoWait; Get-DwcpTransfer -Id $transfer.Id</code>
/// </example>
/// <example>
/// <para>Waits for all that run.</para>
/// <code>Get-DwcpTransfer -State Running -Wait</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpTransfer")]
[OutputType(typeof(DwcpTransferStatus))]
public sealed class GetDwcpTransferCommand : DwcpCmdlet
{
    /// <summary>Numbers of transfers; all by default.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    public int[]? Id { get; set; }

    /// <summary>Only those that stand so.</summary>
    [Parameter]
    public DwcpTransferState? State { get; set; }

    /// <summary>Waits until those that run have ended.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var all = TransferRegister.All;
        foreach (var missing in (Id ?? []).Except(all.Select(t => t.Id)))
            WriteError(new ErrorRecord(new ItemNotFoundException($"There is no transfer {missing} in this process. Get-DwcpTransfer lists those that there are."), "Dwcp.Transfer.NotFound", ErrorCategory.ObjectNotFound, missing));
        foreach (var transfer in all.Where(t => (Id is null || Id.Contains(t.Id)) && (State is null || t.State == State)))
        {
            if (Wait) Await(transfer.Id, cancellationToken => transfer.Ended.WaitAsync(cancellationToken));
            WriteObject(transfer);
        }
    }
}
