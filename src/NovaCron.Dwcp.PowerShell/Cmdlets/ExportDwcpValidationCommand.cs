using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Signing;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Writes an approved GO as a signed file (an in-toto statement in a DSSE envelope, ECDSA P-256), for whoever lets releases into production and cannot ask the cluster.</summary>
/// <example>
/// <para>Makes a key once, and signs the GO that an approval returned.</para>
/// <code>openssl ecparam -name prime256v1 -genkey -noout -out release.pem; openssl ec -in release.pem -pubout -out release.pub
/// Invoke-DwcpValidation -Namespace staging | Approve-DwcpValidation -Reason 'Change 4711' | Export-DwcpValidation -KeyPath ./release.pem -Path ./go.json</code>
/// </example>
[Cmdlet(VerbsData.Export, "DwcpValidation", SupportsShouldProcess = true)]
[OutputType(typeof(System.IO.FileInfo))]
public sealed class ExportDwcpValidationCommand : DwcpCmdlet
{
    /// <summary>An approved report, from Approve-DwcpValidation.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    public DwcpValidationReport Report { get; set; } = null!;

    /// <summary>The private key that signs: ECDSA over NIST P-256, as a PEM file without password.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string KeyPath { get; set; } = "";

    /// <summary>The file to write.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = ResolvePath(Path);
        var envelope = Await(Report, async token => DecisionEnvelope.Sign(Report, await File.ReadAllTextAsync(ResolvePath(KeyPath), token).ConfigureAwait(false)));
        if (!ShouldProcess(path, $"Write the signed GO of release {Report.Release}"))
            return;
        Await(path, async token =>
        {
            await File.WriteAllTextAsync(path, envelope, token).ConfigureAwait(false);
            return true;
        });
        WriteObject(new FileInfo(path));
    }
}
