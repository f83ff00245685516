using System.Globalization;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Reports;

/// <summary>The report of a rollout as it stands: what was asked for, what was done, what was seen.</summary>
public sealed record RolloutReport
{
    public required DateTimeOffset Time { get; init; }

    public required string Namespace { get; init; }

    public required RolloutObservation Observation { get; init; }

    /// <summary>Beginning of what is reported; null: from the very beginning.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Every step since then, oldest first, those included that the status has handed over to numbered ConfigMaps.</summary>
    public required IReadOnlyList<RolloutHistoryEntry> History { get; init; }

    public required IReadOnlyList<RolloutPoint> Series { get; init; }

    /// <summary>Reads the report from the cluster.</summary>
    /// <param name="connection">The cluster.</param>
    /// <param name="namespace">Namespace of the rollout.</param>
    /// <param name="since">Beginning of what is reported, for the summary of a day of a soak for example; null: everything.</param>
    /// <param name="time">Clock for the report's own time.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <exception cref="DwcpRolloutException">There is no rollout.</exception>
    public static Task<RolloutReport> ReadAsync(
        ClusterConnection connection, string @namespace, DateTimeOffset? since = null, TimeProvider? time = null, CancellationToken cancellationToken = default) =>
        ReadAsync(new KubernetesRolloutCluster(connection, @namespace, time), since, time, cancellationToken);

    /// <inheritdoc cref="ReadAsync(ClusterConnection, string, DateTimeOffset?, TimeProvider?, CancellationToken)"/>
    public static async Task<RolloutReport> ReadAsync(
        IRolloutCluster cluster, DateTimeOffset? since = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        time ??= TimeProvider.System;
        var observation = await new RolloutService(cluster, time).ObserveAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new DwcpRolloutException("NoRollout", $"There is no DwcpRollout in namespace {cluster.Namespace}. Begin one with Set-DwcpRollout.");
        var series = RolloutSeries.Parse(await cluster.ReadDocumentAsync(RolloutNames.EvidenceConfigMap, cancellationToken).ConfigureAwait(false));
        var history = await RolloutHistory.ReadAsync(cluster, observation.Rollout, cancellationToken).ConfigureAwait(false);
        return new RolloutReport
        {
            Time = time.GetUtcNow(),
            Namespace = cluster.Namespace,
            Since = since,
            Observation = observation,
            History = [.. history.Where(entry => since is null || entry.Time >= since)],
            Series = [.. series.Where(point => since is null || point.Time >= since)],
        };
    }

    /// <summary>Writes rollout-report.md, .json and .html.</summary>
    public Task<IReadOnlyList<string>> WriteAsync(string directory, CancellationToken cancellationToken = default) =>
        ReportFiles.WriteAsync(Build(), this, directory, "rollout-report", cancellationToken);

    /// <summary>The report as a document.</summary>
    public ReportDocument Build()
    {
        var spec = Observation.Rollout.Spec;
        var document = new ReportDocument($"DWCP v3 rollout, {Namespace}");
        document.Paragraph(Text($"State at {Time.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC: {Observation.State} at {Observation.Percent} % of {Observation.TargetPercent} %. {Observation.Message}"));
        document.Table(["", ""],
        [
            ["Release", spec.Release],
            ["Asked for by", spec.RequestedBy],
            ["Phase", Observation.Phase ?? "none"],
            ["Pods at this percent", Text($"{Observation.AppliedPods} of {Observation.ReadyPods} ready")],
            ["Still needed", Observation.TimeRemaining is { } time ? $"{GoDuration.Format(TimeSpan.FromSeconds(Math.Ceiling(time.TotalSeconds)))} of soak, {Observation.RequestsRemaining} requests" : "nothing"],
            ["Limits", Text($"error rate {spec.Limits.ErrorRatePercent} %, slower than {spec.Limits.SlowMilliseconds} ms {spec.Limits.SlowRequestsPercent} %, false rollback probability {spec.Limits.FalseRollbackProbability}")],
        ]);
        if (Since is { } since)
        {
            document.Heading(Text($"Since {since.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC"));
            document.Table(["", "Lowest", "Highest"],
            [
                Range("Clients on v3", " %", point => point.Percent),
                Range("Error rate of v3", " %", point => point.V3ErrorRate),
                Range("P99 of v3", " ms", point => point.V3P99),
                Range("Requests of v3", " per second", point => point.V3RequestsPerSecond),
                Range("Evidence against v3", " % of the way to rollback", point => point.Evidence),
            ]);
            document.Paragraph(Text($"{Series.Count} checks are on record for this time, {History.Count} steps were taken."));
        }
        document.Heading("Traffic");
        document.Table(["", "Requests in phase", "Errors", "Slow", "Per second", "Error rate", "P50", "P95", "P99"], [Row("v3", Observation.V3), Row("v1", Observation.V1)]);
        document.Heading("Evidence");
        document.Table(["Test", "Way to rollback", "Observations", "Detail"],
            [.. Observation.Evidence.Select(test => new[] { test.Metric, Text($"{test.PercentToRollback:0.#} %"), Text($"{test.Observations}"), test.Detail ?? "" })]);
        document.Heading("Phases");
        document.Table(["Phase", "Percent", "Soak", "Requests"],
            [.. spec.Phases.Select(phase => new[] { phase.Name, Text($"{phase.Percent} %"), GoDuration.Format(phase.Soak), Text($"{phase.MinimumRequests}") })]);
        document.Heading("History");
        document.Table(["Time (UTC)", "State", "Percent", "Reason", "What"],
            [.. History.Select(entry => new[] { entry.Time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture), entry.State.ToString(), Text($"{entry.Percent} %"), entry.Reason, entry.Message })]);
        RolloutCharts.AddTo(document, Series, spec.Limits, Observation.Rollout.Status?.LastRollbackAt);
        return document;
    }

    private string[] Range(string name, string unit, Func<RolloutPoint, double?> value)
    {
        var values = Series.Select(value).OfType<double>().ToList();
        return values.Count == 0 ? [name, "no data", "no data"] : [name, Text($"{values.Min():0.##}{unit}"), Text($"{values.Max():0.##}{unit}")];
    }

    private static string[] Row(string name, VersionTraffic? traffic) => traffic is null
        ? [name, "no data", "", "", "", "", "", "", ""]
        :
        [
            name, Text($"{traffic.Requests}"), Text($"{traffic.Errors}"), Text($"{traffic.Slow}"), Number(traffic.RequestsPerSecond, ""), Number(traffic.ErrorRatePercent, " %"),
            Number(traffic.P50Milliseconds, " ms"), Number(traffic.P95Milliseconds, " ms"), Number(traffic.P99Milliseconds, " ms"),
        ];

    private static string Number(double? value, string unit) => value is { } number ? Text($"{number:0.##}{unit}") : "no data";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
