using System.Globalization;
using System.Management.Automation;
using NovaCron.Dwcp.PowerShell.Transfers;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Stops running transfers of this PowerShell process. What the receiver has is kept: the same Start-DwcpTransfer goes on there.</summary>
/// <example>
/// <para>Stops every running transfer.</para>
/// <code>Get-DwcpTransfer -State Running | Stop-DwcpTransfer</code>
/// </example>
[Cmdlet(VerbsLifecycle.Stop, "DwcpTransfer", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Medium)]
[OutputType(typeof(DwcpTransferStatus))]
public sealed class StopDwcpTransferCommand : DwcpCmdlet
{
    /// <summary>Numbers of transfers, as Get-DwcpTransfer shows them.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    public int[] Id { get; set; } = [];

    /// <summary>Writes the transfers once they have ended.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var id in Id)
        {
            if (TransferRegister.All.FirstOrDefault(t => t.Id == id) is not { } transfer)
            {
                WriteError(new ErrorRecord(new ItemNotFoundException($"There is no transfer {id} in this process. Get-DwcpTransfer lists those that there are."), "Dwcp.Transfer.NotFound", ErrorCategory.ObjectNotFound, id));
                continue;
            }

            if (!ShouldProcess(string.Create(CultureInfo.InvariantCulture, $"transfer {id}: {transfer.Direction} {transfer.Remote}"), "Stop"))
                continue;
            transfer.Stop();
            Await(id, cancellationToken => transfer.Ended.WaitAsync(cancellationToken));
            if (PassThru) WriteObject(transfer);
        }
    }
}
