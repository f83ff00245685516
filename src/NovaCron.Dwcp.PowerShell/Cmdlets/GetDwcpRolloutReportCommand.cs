using System.Management.Automation;
using NovaCron.Dwcp.Operations.Reports;

namespace NovaCron.Dwcp.PowerShell.Cmdlets;

/// <summary>The report of a rollout as it stands: what was asked for, done and seen; written as Markdown, JSON and HTML when a directory is given.</summary>
/// <example>
/// <para>Writes the report so far.</para>
/// <code>Get-DwcpRolloutReport -Namespace production -OutputDirectory ./reports</code>
/// </example>
/// <example>
/// <para>The summary of the last day of a soak.</para>
/// <code>Get-DwcpRolloutReport -Namespace production -Since ([DateTimeOffset]::UtcNow.AddDays(-1)) -OutputDirectory ./reports</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "DwcpRolloutReport", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.Low)]
[OutputType(typeof(RolloutReport))]
public sealed class GetDwcpRolloutReportCommand : ClusterCmdlet
{
    /// <summary>Directory for rollout-report.md, .json and .html.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? OutputDirectory { get; set; }

    /// <summary>Reports only what happened since then, with the lowest and highest figures: the summary of a day of a soak, for example.</summary>
    [Parameter]
    public DateTimeOffset? Since { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var directory = OutputDirectory is null ? null : ResolvePath(OutputDirectory);
        var write = directory is not null && ShouldProcess(directory, "Write rollout report");
        WriteObject(WithCluster(Namespace, async (connection, cancellationToken) =>
        {
            var report = await RolloutReport.ReadAsync(connection, Namespace, Since, null, cancellationToken).ConfigureAwait(false);
            if (write)
                foreach (var file in await report.WriteAsync(directory!, cancellationToken).ConfigureAwait(false))
                    Post(() => WriteVerbose($"Wrote {file}."));
            return report;
        }));
    }
}
