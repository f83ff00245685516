using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nodes do not fail requests under a light load.</summary>
internal sealed class ErrorRateCheck() : ValidationCheck(
    "performance-error-rate", CheckCategory.Performance, CheckSeverity.High, "The share of server-caused errors under load is below the target",
    "Read the nodes' logs for the failed requests.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(3);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var load = await LoadMeasurement.ReadAsync(context, cancellationToken).ConfigureAwait(false);
        if (load.Requests < LoadMeasurement.MinimumRequests)
            throw new InconclusiveException($"only {load.Requests} requests were counted, at least {LoadMeasurement.MinimumRequests} are needed ({string.Join("; ", load.Transfers.Distinct())})");
        var percent = 100.0 * load.ServerErrors / load.Requests;
        var text = string.Create(CultureInfo.InvariantCulture, $"{load.ServerErrors} of {load.Requests} requests failed by the server ({percent:0.00} %), allowed are {context.Profile.MaximumErrorPercent:0.##} %");
        return percent <= context.Profile.MaximumErrorPercent ? CheckFinding.Pass(text, [.. load.Transfers]) : CheckFinding.Fail(text, [.. load.Transfers]);
    }
}
