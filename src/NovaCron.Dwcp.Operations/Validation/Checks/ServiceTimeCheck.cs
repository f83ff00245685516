namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>P99 judged by counts: at most one request in a hundred is slower than 100 ms.</summary>
internal sealed class ServiceTimeCheck() : LoadShareCheck(
    "performance-service-time", "Few enough requests take longer than 100 ms",
    "Look at CPU limits, the store's latency (POST /diagnostics/benchmark?kind=store) and redis.")
{
    protected override string Did => "took longer than 100 ms";

    protected override (long Bad, long All) Count(LoadMeasurement load) => (load.SlowerThan100Milliseconds, load.Timed);

    protected override double Allowed(ValidationProfile profile) => profile.MaximumSlowPercent;
}
