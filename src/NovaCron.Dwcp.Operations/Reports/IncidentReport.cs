using System.Globalization;
using NovaCron.Dwcp.Operations.Rollback;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Reports;

/// <summary>The incident report of a rollback: one model, written as Markdown, JSON and self-contained HTML.</summary>
public static class IncidentReport
{
    /// <summary>Writes incident-report.md, .json and .html.</summary>
    /// <returns>Paths of the files.</returns>
    public static async Task<IReadOnlyList<string>> WriteAsync(
        DwcpRollbackReport report, DwcpRollout? rollout, IReadOnlyList<RolloutPoint> series, string directory, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(directory);
        var document = Build(report, rollout, series);
        return await ReportFiles.WriteAsync(document, report, directory, "incident-report", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The report as a document.</summary>
    public static ReportDocument Build(DwcpRollbackReport report, DwcpRollout? rollout, IReadOnlyList<RolloutPoint> series)
    {
        var document = new ReportDocument($"DWCP v3 rollback {report.Incident}");
        document.Paragraph(Text($"v3 was rolled back in namespace {report.Namespace} on {report.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC by {report.RequestedBy}. Trigger: {report.Trigger}. {report.Reason}"));
        document.Table(["", ""],
        [
            ["Result", report.Succeeded ? "rolled back, proven and verified" : report.Proven ? "rolled back and proven; see problems" : "NOT PROVEN on every pod; see problems"],
            ["Percent before", report.PercentBefore is { } percent ? Text($"{percent} %") : "not known"],
            ["Flag at 0 after", Seconds(report.TimeToFlagZero)],
            ["Proven on every ready pod after", Seconds(report.TimeToProof)],
            ["Pods restarted after", Seconds(report.RestartedAt - report.StartedAt)],
            ["Whole rollback", Seconds(report.Duration)],
            ["ConfigMap revision of flag 0", report.Revision ?? "not known"],
        ]);
        if (report.Problems.Count > 0)
        {
            document.Heading("Problems");
            document.List(report.Problems);
        }
        document.Heading("Timeline");
        var history = (rollout?.Status?.History ?? []).TakeLast(20).Select(entry => (entry.Time, Name: entry.Reason, Detail: entry.Message));
        var steps = report.Timeline.Select(step => (step.Time, Name: step.Name + (step.Succeeded ? "" : " (failed)"), step.Detail));
        document.Table(["Time (UTC)", "What", "Detail"], [.. history.Concat(steps).OrderBy(entry => entry.Time)
            .Select(entry => new[] { entry.Time.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture), entry.Name, entry.Detail })]);
        if (report.Pods.Count > 0)
        {
            document.Heading("Proof per pod");
            document.Table(["Pod", "Proven", "After", "Detail"],
                [.. report.Pods.Select(pod => new[] { pod.Pod, pod.Proven ? "yes" : pod.Deleted ? "deleted" : "NO", Seconds(pod.Elapsed), pod.Detail })]);
        }
        if (rollout?.Status is { Evidence.Count: > 0 } status)
        {
            document.Heading("Evidence at the last check before the rollback");
            document.Table(["Test", "Way to rollback", "Observations", "Detail"],
                [.. status.Evidence.Select(test => new[] { test.Metric, Text($"{test.PercentToRollback:0.#} %"), Text($"{test.Observations}"), test.Detail ?? "" })]);
        }
        RolloutCharts.AddTo(document, series, report.FlagZeroAt);
        document.Heading("Commands to investigate");
        document.Code(string.Join('\n',
            $"kubectl -n {report.Namespace} get dwcprollout {RolloutNames.Rollout} -o yaml",
            $"kubectl -n {report.Namespace} get events --field-selector involvedObject.name={RolloutNames.Rollout}",
            $"kubectl -n {report.Namespace} logs -l {RolloutNames.NodePodSelector} --previous --tail=200",
            $"kubectl -n {report.Namespace} get configmap {RolloutNames.IncidentConfigMapPrefix}{report.Incident} -o yaml",
            $"kubectl -n {report.Namespace} get configmap {RolloutNames.ConfigMap} -o yaml"));
        document.Paragraph($"Nothing is raised again until incident {report.Incident} is acknowledged: kubectl -n {report.Namespace} patch dwcprollout {RolloutNames.Rollout} --type merge -p '{{\"spec\":{{\"acknowledgedIncident\":\"{report.Incident}\"}}}}'");
        if (report.Files.Count > 0)
        {
            document.Heading("Saved logs and metrics");
            document.List([.. report.Files.Select(file => Path.GetFileName(file))]);
        }
        return document;
    }

    private static string Seconds(TimeSpan? time) => time is { } value ? Text($"{value.TotalSeconds:0.00} s") : "not done";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
