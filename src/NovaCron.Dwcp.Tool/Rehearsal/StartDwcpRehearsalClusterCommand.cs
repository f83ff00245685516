using System.Management.Automation;
using NovaCron.Dwcp.Rehearsal.Cluster;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Starts a Kubernetes-speaking cluster in this process; it ends with the runbook, however that ends.</summary>
[Cmdlet(VerbsLifecycle.Start, "DwcpRehearsalCluster")]
[OutputType(typeof(RehearsalCluster))]
public sealed class StartDwcpRehearsalClusterCommand : RehearsalCmdlet
{
    /// <summary>Where it lives; a temporary directory by default.</summary>
    [Parameter]
    public string? Directory { get; set; }

    /// <summary>The program that node pods run, such as dwcpd of a "dotnet publish"; the build beside this tool by default.</summary>
    [Parameter]
    public string? NodeProgram { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var options = RehearsalClusterOptions.Create(
            Directory is null ? null : GetUnresolvedProviderPathFromPSPath(Directory), NodeProgram is null ? null : GetUnresolvedProviderPathFromPSPath(NodeProgram));
        var cluster = Await("rehearsal cluster", cancellationToken => RehearsalCluster.StartAsync(options, cancellationToken));
        Session.Own(cluster);
        WriteObject(cluster);
    }
}
