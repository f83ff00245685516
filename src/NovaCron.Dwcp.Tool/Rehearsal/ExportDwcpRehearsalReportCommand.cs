using System.Management.Automation;
using NovaCron.Dwcp.Operations.Reports;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Rehearsal.Traffic;

namespace NovaCron.Dwcp.Tool.Rehearsal;

/// <summary>Writes report.html, report.md and report.json: the story's steps, the decision, what the clients saw, and the charts.</summary>
[Cmdlet(VerbsData.Export, "DwcpRehearsalReport")]
[OutputType(typeof(FileInfo))]
public sealed class ExportDwcpRehearsalReportCommand : RehearsalCmdlet
{
    /// <summary>Directory for the files.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    public string OutputDirectory { get; set; } = "";

    /// <summary>The validation that decided.</summary>
    [Parameter]
    public DwcpValidationReport? Validation { get; set; }

    /// <summary>The rollout as it ended.</summary>
    [Parameter]
    public RolloutReport? Rollout { get; set; }

    /// <summary>The generator, for its series.</summary>
    [Parameter]
    public TrafficGenerator? Traffic { get; set; }

    /// <summary>Its final counts.</summary>
    [Parameter]
    public TrafficSnapshot? Counts { get; set; }

    /// <summary>When the fault was injected.</summary>
    [Parameter]
    public DateTimeOffset? FaultAt { get; set; }

    /// <summary>When every pod had proved that it starts no v3 session.</summary>
    [Parameter]
    public DateTimeOffset? RolledBackAt { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var report = new RehearsalReport
        {
            Steps = Session.Steps,
            Validation = Validation,
            Rollout = Rollout,
            Counts = Counts,
            Series = Traffic?.GetSeries() ?? [],
            FaultAt = FaultAt,
            RolledBackAt = RolledBackAt,
        };
        var directory = GetUnresolvedProviderPathFromPSPath(OutputDirectory);
        foreach (var file in Await(directory, cancellationToken => ReportFiles.WriteAsync(report.Build(), report.Summary, directory, "report", cancellationToken)))
            WriteObject(new FileInfo(file));
    }
}
