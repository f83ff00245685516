using System.Globalization;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Cluster;
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

    /// <summary>Writes the report of a rollback that somebody else carried out, the guardian for example, from what it left in the cluster.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="incident">The incident; null: the last one whose rollback was carried through.</param>
    /// <param name="directory">Where to write; created when absent.</param>
    /// <param name="cancellationToken">Cancels reading and writing.</param>
    /// <returns>The report, with its files.</returns>
    /// <exception cref="DwcpRolloutException">There is no such incident.</exception>
    public static async Task<DwcpRollbackReport> ExportAsync(IRolloutCluster cluster, string? incident, string directory, CancellationToken cancellationToken = default)
    {
        incident ??= (await cluster.ReadConfigurationAsync(cancellationToken).ConfigureAwait(false))?.Completed
            ?? throw new DwcpRolloutException("NoIncident", $"No rollback was carried through in namespace {cluster.Namespace}.");
        var name = RolloutNames.IncidentConfigMapPrefix + incident;
        var document = await cluster.ReadDocumentAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpRolloutException("NoIncident", $"There is no ConfigMap {cluster.Namespace}/{name}. kubectl -n {cluster.Namespace} get configmap lists the incidents.");
        var report = JsonSerializer.Deserialize<DwcpRollbackReport>(document.Text, RolloutJson.Options)
            ?? throw new DwcpRolloutException("NoIncident", $"ConfigMap {cluster.Namespace}/{name} is empty.");
        var rollout = await cluster.ReadRolloutAsync(cancellationToken).ConfigureAwait(false);
        var series = RolloutSeries.Parse(await cluster.ReadDocumentAsync(RolloutNames.EvidenceConfigMap, cancellationToken).ConfigureAwait(false));
        var files = new List<string>();
        Directory.CreateDirectory(directory);
        if (await cluster.ReadDocumentAsync(name + "-evidence", cancellationToken).ConfigureAwait(false) is { } evidence)
        {
            foreach (var (file, text) in JsonSerializer.Deserialize<Dictionary<string, string>>(evidence.Text, RolloutJson.Options) ?? [])
            {
                // The names come out of the cluster: only their last part counts.
                files.Add(Path.Combine(directory, Path.GetFileName(file)));
                await File.WriteAllTextAsync(files[^1], text, cancellationToken).ConfigureAwait(false);
            }
        }
        report = report with { Files = files };
        return report with { Files = [.. files, .. await WriteAsync(report, rollout, series, directory, cancellationToken).ConfigureAwait(false)] };
    }

    /// <summary>Writes the report of a rollback that somebody else carried out, from what it left in the cluster.</summary>
    public static Task<DwcpRollbackReport> ExportAsync(ClusterConnection connection, string @namespace, string? incident, string directory, CancellationToken cancellationToken = default) =>
        ExportAsync(new KubernetesRolloutCluster(connection, @namespace), incident, directory, cancellationToken);

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
        RolloutCharts.AddTo(document, series, rollout?.Spec.Limits, report.FlagZeroAt);
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
