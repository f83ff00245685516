namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nodes do not fail requests under a light load.</summary>
internal sealed class ErrorRateCheck() : LoadShareCheck(
    "performance-error-rate", "The share of server-caused errors under load is below the target", "Read the nodes' logs for the failed requests.")
{
    protected override string Did => "failed by the server";

    protected override (long Bad, long All) Count(LoadMeasurement load) => (load.ServerErrors, load.Requests);

    protected override double Allowed(ValidationProfile profile) => profile.MaximumErrorPercent;
}
