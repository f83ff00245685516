using System.Management.Automation;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Writes the manifests that New-DwcpStaging would apply as plain YAML, for GitOps: without secrets, flag, ceiling and replicas.</summary>
/// <example>
/// <para>Writes the manifests for a GitOps repository.</para>
/// <code>Export-DwcpManifest ./dwcp-v3.yaml -Namespace staging</code>
/// </example>
[Cmdlet(VerbsData.Export, "DwcpManifest", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(string), typeof(FileInfo))]
public sealed class ExportDwcpManifestCommand : DwcpCmdlet
{
    /// <summary>File to write; without it the YAML goes down the pipeline.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Namespace that the manifests are for.</summary>
    [Parameter]
    [ValidatePattern("^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$", Options = System.Text.RegularExpressions.RegexOptions.None)]
    public string Namespace { get; set; } = "staging";

    /// <summary>YAML file with the settings of the deployment.</summary>
    [Parameter]
    [Alias("ValuesPath")]
    [ValidateNotNullOrEmpty]
    public string? Values { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var target = Path is null ? null : ResolvePath(Path);
        if (target is not null && !ShouldProcess(target, "Write manifests"))
            return;
        var written = Await(target ?? Namespace, async cancellationToken =>
        {
            var yaml = StagingService.ExportManifests(new StagingOptions
            {
                Namespace = Namespace,
                Values = Values is null ? new StagingValues() : StagingValues.Load(ResolvePath(Values)),
            });
            if (target is null)
                return (object)yaml;
            await File.WriteAllTextAsync(target, yaml, cancellationToken).ConfigureAwait(false);
            return new FileInfo(target);
        });
        WriteObject(written);
    }
}
