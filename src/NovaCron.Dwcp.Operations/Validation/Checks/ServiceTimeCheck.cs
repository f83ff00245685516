using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>P99 judged by counts: at most one request in a hundred is slower than 100 ms.</summary>
internal sealed class ServiceTimeCheck() : ValidationCheck(
    "performance-service-time", CheckCategory.Performance, CheckSeverity.High, "Few enough requests take longer than 100 ms",
    "Look at CPU limits, the store's latency (POST /diagnostics/benchmark?kind=store) and redis.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(3);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var load = await LoadMeasurement.ReadAsync(context, cancellationToken).ConfigureAwait(false);
        if (load.Timed < LoadMeasurement.MinimumRequests)
            throw new InconclusiveException($"only {load.Timed} requests were timed, at least {LoadMeasurement.MinimumRequests} are needed ({string.Join("; ", load.Transfers.Distinct())})");
        var percent = 100.0 * load.SlowerThan100Milliseconds / load.Timed;
        var text = string.Create(CultureInfo.InvariantCulture, $"{load.SlowerThan100Milliseconds} of {load.Timed} requests took longer than 100 ms ({percent:0.0} %), allowed are {context.Profile.MaximumSlowPercent:0.#} %");
        return percent <= context.Profile.MaximumSlowPercent ? CheckFinding.Pass(text) : CheckFinding.Fail(text);
    }
}
