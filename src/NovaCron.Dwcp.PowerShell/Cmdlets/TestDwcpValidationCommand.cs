using System.Management.Automation;
using NovaCron.Dwcp.Operations.Validation.Signing;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Verifies a signed GO that Export-DwcpValidation wrote, and returns what it says; fails if the key did not sign it. Needs no cluster.</summary>
/// <example>
/// <para>Lets a release in only if its images are those of the GO.</para>
/// <code>(Test-DwcpValidation ./go.json -PublicKeyPath ./release.pub).ImageDigests</code>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "DwcpValidation")]
[OutputType(typeof(SignedDecision))]
public sealed class TestDwcpValidationCommand : DwcpCmdlet
{
    /// <summary>The file that Export-DwcpValidation wrote.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("FullName")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The public key of who signed it, as a PEM file.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    public string PublicKeyPath { get; set; } = "";

    /// <inheritdoc/>
    protected override void ProcessRecord() => WriteObject(Await(Path, async token => DecisionEnvelope.Verify(
        await File.ReadAllTextAsync(ResolvePath(Path), token).ConfigureAwait(false), await File.ReadAllTextAsync(ResolvePath(PublicKeyPath), token).ConfigureAwait(false))));
}
