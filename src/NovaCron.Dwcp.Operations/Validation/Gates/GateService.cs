using System.Globalization;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Validation.Readiness;

namespace NovaCron.Dwcp.Operations.Validation.Gates;

/// <summary>
/// The gates, the same for Pester (tests/Gates) and without it (Invoke-DwcpGate): what each asserts is known without a cluster, and what came out is
/// one result for each assertion.
/// </summary>
public sealed class GateService(ClusterConnection connection, TimeProvider? time = null)
{
    private const string Decision = "decision";
    private const string FlagsAgree = "flags-agree";
    private const string V3Errors = "phase-1-errors";

    private static readonly string[] RolloutChecks =
    [
        "health-nodes-ready", "health-endpoints", "health-restarts", "health-guardian", "health-injected-faults", "flags-revision", "flags-keys",
        "monitoring-families", "monitoring-freshness",
    ];

    private static readonly string[] TransferChecks =
    [
        "integration-service", "integration-load-balancer", "integration-pod-to-pod", "integration-transfer-v1", "integration-transfer-v3", "integration-resume", "security-wrong-key", "security-no-key", "security-tls", "performance-throughput",
        "performance-error-rate", "performance-service-time",
    ];

    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>What a gate asserts, in order.</summary>
    public static IReadOnlyList<GateAssertion> Assertions(DwcpGate gate) => gate switch
    {
        DwcpGate.Staging =>
        [
            .. CheckCatalogue.All.Select(c => FromCheck(gate, c)),
            new GateAssertion(gate, Decision, "Decision", "The decision is GO, or waits for nothing but an approval"),
        ],
        DwcpGate.Rollout =>
        [
            new GateAssertion(gate, Decision, "Decision", "The decision is GO, approved, for exactly these images and manifests"),
            new GateAssertion(gate, "fresh", "Decision", "The decision is not expired"),
            .. Enum.GetValues<ReadinessOwner>().Select(o => new GateAssertion(gate, $"readiness-{o.ToString().ToLowerInvariant()}", "Attestation", $"{o} has attested the release")),
            .. Checks(gate, RolloutChecks),
            new GateAssertion(gate, FlagsAgree, "FeatureFlags", "ConfigMap, rollout and every node agree on the percent"),
            new GateAssertion(gate, "unlocked", "Rollout", "No rollback waits to be acknowledged"),
            new GateAssertion(gate, V3Errors, "Rollout", "The share of v3 requests that failed by the server is below the rollout's limit"),
        ],
        _ => [.. Checks(gate, TransferChecks)],
    };

    /// <summary>Tries a gate.</summary>
    /// <param name="gate">Which.</param>
    /// <param name="options">Namespace, profile, transfer client and addresses; what to check is the gate's.</param>
    /// <param name="progress">Told of each check.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<DwcpGateReport> RunAsync(
        DwcpGate gate, ValidationOptions options, IProgress<ValidationProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var validation = await new ValidationRunner(connection, _time).RunAsync(options with
        {
            Categories = [],
            Exclude = new Dictionary<string, string>(),
            Ids = gate switch
            {
                DwcpGate.Rollout => RolloutChecks,
                DwcpGate.Transfer => TransferChecks,
                _ => [],
            },
        }, progress, cancellationToken).ConfigureAwait(false);
        var others = gate == DwcpGate.Rollout ? await ReadRolloutAsync(options.Namespace, cancellationToken).ConfigureAwait(false) : [];
        return new DwcpGateReport
        {
            Gate = gate,
            Namespace = options.Namespace,
            Validation = validation,
            Results = [.. Assertions(gate).Select(a => Judge(a, validation, others))],
        };
    }

    private static GateResult Judge(GateAssertion assertion, DwcpValidationReport validation, Dictionary<string, (CheckStatus Status, string Message)> others)
    {
        if (others.TryGetValue(assertion.Id, out var other))
            return new GateResult(assertion.Id, assertion.Tag, assertion.Title, other.Status, other.Message);
        if (assertion is { Gate: DwcpGate.Staging, Id: Decision })
        {
            var waits = validation.Decision == ValidationDecision.Review && !validation.Checks.Any(c => c.Status is CheckStatus.Fail or CheckStatus.Error);
            return new GateResult(assertion.Id, assertion.Tag, assertion.Title,
                validation.Decision == ValidationDecision.Go || waits ? CheckStatus.Pass : validation.Decision == ValidationDecision.Undecided ? CheckStatus.Error : CheckStatus.Fail,
                $"{validation.DecisionText}: {validation.Reason}");
        }

        return validation.Checks.FirstOrDefault(c => c.Id == assertion.Id) is { } check
            ? new GateResult(assertion.Id, assertion.Tag, assertion.Title, check.Status, check.Explanation)
            : new GateResult(assertion.Id, assertion.Tag, assertion.Title, CheckStatus.Error, "nothing tells");
    }

    /// <summary>What no check of the catalogue asks, because it changes while a rollout goes on.</summary>
    private async Task<Dictionary<string, (CheckStatus, string)>> ReadRolloutAsync(string @namespace, CancellationToken cancellationToken)
    {
        var results = new Dictionary<string, (CheckStatus, string)>(StringComparer.Ordinal);
        try
        {
            var criteria = await new ReadinessService(connection, @namespace, _time).ReadAsync(null, cancellationToken).ConfigureAwait(false);
            foreach (var criterion in criteria.Where(c => Assertions(DwcpGate.Rollout).Any(a => a.Id == c.Id)))
            {
                results[criterion.Id] = (criterion.Status switch
                {
                    ReadinessStatus.Met => CheckStatus.Pass,
                    // What nobody has attested or recorded does not hold.
                    ReadinessStatus.NotMet => CheckStatus.Fail,
                    _ => criterion.Owner is not null || criterion.Id is Decision or "fresh" ? CheckStatus.Fail : CheckStatus.Error,
                }, criterion.Evidence);
            }

            var percent = await AgreeAsync(@namespace, results, cancellationToken).ConfigureAwait(false);
            if (percent == 0 && results[V3Errors].Item1 == CheckStatus.Error)
                results[V3Errors] = (CheckStatus.Skipped, "v3 takes no traffic at 0 %");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // As with checks: whatever keeps it from being judged is the result.
            foreach (var assertion in Assertions(DwcpGate.Rollout).Where(a => !RolloutChecks.Contains(a.Id) && !results.ContainsKey(a.Id)))
                results[assertion.Id] = (CheckStatus.Error, e.Message);
        }

        return results;
    }

    private async Task<int?> AgreeAsync(string @namespace, Dictionary<string, (CheckStatus, string)> results, CancellationToken cancellationToken)
    {
        var map = await connection.GetAsync(ClusterResource.ConfigMap, @namespace, RolloutNames.ConfigMap, cancellationToken).ConfigureAwait(false);
        if (Percent(map.Text("data", RolloutNames.FlagKey)) is not { } flag || Percent(map.Text("data", RolloutNames.CeilingKey)) is not { } ceiling)
        {
            results[FlagsAgree] = (CheckStatus.Fail, $"flag '{map.Text("data", RolloutNames.FlagKey)}' or ceiling '{map.Text("data", RolloutNames.CeilingKey)}' is no number from 0 to 100");
            return null;
        }

        var wanted = Math.Min(flag, ceiling);
        var problems = new List<string>();
        if (await connection.FindAsync<DwcpRollout>(@namespace, RolloutNames.Rollout, cancellationToken).ConfigureAwait(false) is { Status: { } status } && status.Percent != wanted)
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"expected {status.Percent} % as the rollout says, but the ConfigMap says {wanted} %"));
        var pods = await connection.ListAsync(ClusterResource.Pod, @namespace, RolloutNames.NodePodSelector, cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (var pod in pods.Where(p => p.Text("metadata", "deletionTimestamp") is null).Select(p => p.Name()))
        {
            var answer = await connection.GetFromPodAsync(@namespace, pod, RolloutNames.DiagnosticsPort, "/flags", cancellationToken: cancellationToken).ConfigureAwait(false);
            if (!answer.IsSuccess)
                problems.Add($"{answer.Target} answered {(int)answer.StatusCode}");
            else if (answer.ReadJson().Whole("effective") is var effective && effective != wanted)
                problems.Add(string.Create(CultureInfo.InvariantCulture, $"expected {wanted} % on every node, but pod {pod} is at {effective?.ToString(CultureInfo.InvariantCulture) ?? "an unknown"} %"));
        }

        results[FlagsAgree] = pods.Count == 0 ? (CheckStatus.Error, "there are no node pods")
            : problems.Count > 0 ? (CheckStatus.Fail, string.Join("; ", problems))
            : (CheckStatus.Pass, string.Create(CultureInfo.InvariantCulture, $"{wanted} % in the ConfigMap, on {pods.Count} nodes and in the rollout"));
        return wanted;
    }

    private static int? Percent(string? text) =>
        text is null ? 0 : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var percent) && percent <= 100 ? percent : null;

    private static IEnumerable<GateAssertion> Checks(DwcpGate gate, string[] ids) => ids.Select(id => FromCheck(gate, CheckCatalogue.All.Single(c => c.Id == id)));

    private static GateAssertion FromCheck(DwcpGate gate, CheckDescription check) => new(gate, check.Id, check.Category.ToString(), check.Title);
}
