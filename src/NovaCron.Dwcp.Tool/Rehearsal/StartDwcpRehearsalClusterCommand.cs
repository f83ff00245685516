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

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var options = RehearsalClusterOptions.Create(Directory is null ? null : GetUnresolvedProviderPathFromPSPath(Directory));
        var cluster = Await("rehearsal cluster", cancellationToken => RehearsalCluster.StartAsync(options, cancellationToken));
        Session.Own(cluster);
        WriteObject(cluster);
    }
}
