using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A share of the requests of one load that must stay below a limit: by counts, never by a gauge.</summary>
internal abstract class LoadShareCheck(string id, string title, string remedy)
    : ValidationCheck(id, CheckCategory.Performance, CheckSeverity.High, title, remedy)
{
    /// <summary>Below this a share says nothing.</summary>
    private const int MinimumRequests = 20;

    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(3);

    /// <summary>How many of the requests are bad ones.</summary>
    protected abstract (long Bad, long All) Count(LoadMeasurement load);

    /// <summary>Percent that is tolerated.</summary>
    protected abstract double Allowed(ValidationProfile profile);

    /// <summary>What a bad request did, for "3 of 200 requests ...".</summary>
    protected abstract string Did { get; }

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var load = await LoadMeasurement.ReadAsync(context, cancellationToken).ConfigureAwait(false);
        var (bad, all) = Count(load);
        var percent = all == 0 ? 0 : 100.0 * bad / all;
        var text = string.Create(CultureInfo.InvariantCulture, $"{bad} of {all} requests {Did} ({percent:0.00} %), allowed are {Allowed(context.Profile):0.##} %");
        var figure = new CheckFigure($"requests that {Did}", "%", percent, [percent], HigherIsBetter: false);
        // Errors that were counted are errors, whatever else the load came to.
        if (percent > Allowed(context.Profile))
            return CheckFinding.Fail(text, [.. load.Transfers]) with { Figures = [figure] };
        if (load.FailedTransfers > 0)
            throw new InconclusiveException($"{load.FailedTransfers} of {load.Transfers.Count} transfers of the load failed, so that it was not carried: {load.Transfers.First(t => !t.EndsWith(": ok", StringComparison.Ordinal))}");
        if (all < MinimumRequests)
            throw new InconclusiveException($"only {all} requests were counted, at least {MinimumRequests} are needed ({string.Join("; ", load.Transfers.Distinct())})");
        return CheckFinding.Pass(text, [.. load.Transfers]) with { Figures = [figure] };
    }
}
