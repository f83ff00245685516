using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>Runs the catalogue of checks against a staged namespace and decides.</summary>
public sealed class ValidationRunner(ClusterConnection connection, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>Runs the checks. A check that fails is a result; only cancellation throws.</summary>
    public Task<DwcpValidationReport> RunAsync(
        ValidationOptions options, IProgress<ValidationProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException($"{connection} {_time} {options} {progress} {cancellationToken}");

    /// <summary>
    /// Records the caller's approval in the cluster, bound to the report's images and manifests, and returns the report with the decision
    /// that follows: a REVIEW that only waits for approval, or whose rest the reason waives, becomes GO.
    /// </summary>
    /// <exception cref="DwcpValidationException">The report is NO-GO or undecided, or no longer describes what is deployed.</exception>
    public Task<DwcpValidationReport> ApproveAsync(DwcpValidationReport report, string reason, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException($"{report} {reason} {cancellationToken}");
}
