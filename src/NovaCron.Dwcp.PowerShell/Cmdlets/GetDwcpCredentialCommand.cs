using System.Management.Automation;
using System.Net;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.PowerShell.Transfers;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Reads from the cluster what Start-DwcpTransfer needs: API key, certificate authority, server name and address. Pipe one into the other.</summary>
/// <example>
/// <para>Reads the credential and sends a file with it.</para>
/// <code>Get-DwcpCredential -Namespace staging | Start-DwcpTransfer -Path ./disk.img -Destination vm/disk.img</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpCredential")]
[OutputType(typeof(DwcpCredential))]
public sealed class GetDwcpCredentialCommand : ClusterCmdlet
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var access = WithCluster(Namespace, (connection, cancellationToken) => ClientAccess.ReadAsync(connection, Namespace, cancellationToken));
        WriteObject(new DwcpCredential
        {
            Namespace = access.Namespace,
            DataAddress = access.DataAddress,
            ServerName = access.ServerName,
            NodeAuthority = access.CertificateAuthority,
            ApiKey = new NetworkCredential("", access.ApiKey).SecurePassword,
        });
    }
}
