using NovaCron.Dwcp.Operations.Rollout;

namespace NovaCron.Dwcp.Operations.Reports;

/// <summary>The charts that every rollout report shows: percent, error rate, P99, requests, evidence.</summary>
public static class RolloutCharts
{
    public static void AddTo(ReportDocument document, IReadOnlyList<RolloutPoint> series, RolloutLimits? limits, DateTimeOffset? rolledBackAt)
    {
        if (series.Count < 2) return;
        document.Heading("Course");
        document.Chart(new LineChart("Clients on v3", "%", [Line("percent", point => point.Percent)], null, rolledBackAt));
        document.Chart(new LineChart("Error rate", "%", [Line("v3", point => point.V3ErrorRate), Line("v1", point => point.V1ErrorRate)], limits?.ErrorRatePercent, rolledBackAt));
        document.Chart(new LineChart("P99", "ms", [Line("v3", point => point.V3P99), Line("v1", point => point.V1P99)], limits?.SlowMilliseconds, rolledBackAt));
        document.Chart(new LineChart("Requests", "per second", [Line("v3", point => point.V3RequestsPerSecond), Line("v1", point => point.V1RequestsPerSecond)], null, rolledBackAt));
        document.Chart(new LineChart("Evidence against v3", "% of the way to rollback", [Line("furthest test", point => point.Evidence)], 100, rolledBackAt));

        ChartLine Line(string name, Func<RolloutPoint, double?> value) => new(name, [.. series.Select(point => (point.Time, value(point)))]);
    }
}
