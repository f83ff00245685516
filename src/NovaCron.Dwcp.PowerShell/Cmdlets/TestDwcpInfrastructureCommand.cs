using System.Management.Automation;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Infrastructure;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>Says whether the infrastructure is as Terraform left it, or what somebody has changed by other means. Changes nothing.</summary>
/// <remarks>Works in the directory that New-DwcpStaging -Infrastructure Aws has used (or any initialised Terraform directory).</remarks>
/// <example>
/// <para>Shows what differs.</para>
/// <code>(Test-DwcpInfrastructure ./terraform-staging).Changes</code>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "DwcpInfrastructure")]
[OutputType(typeof(InfrastructureDrift))]
public sealed class TestDwcpInfrastructureCommand : DwcpCmdlet
{
    /// <summary>Directory that Terraform works in.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>AWS profile that Terraform uses; what it finds by itself by default.</summary>
    [Parameter]
    [Alias("AwsProfile")]
    [ValidateNotNullOrEmpty]
    public string? ProfileName { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = ResolvePath(Path);
        var environment = ProfileName is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["AWS_PROFILE"] = ProfileName };
        var progress = OnPipeline<StagingProgress>(p => WriteVerbose($"Terraform: {p.Message}"));
        WriteObject(Await(path, cancellationToken =>
            new TerraformProject(new TerraformOptions { ConfigurationDirectory = path, WorkingDirectory = path, Environment = environment }).DetectDriftAsync(progress, cancellationToken)));
    }
}
