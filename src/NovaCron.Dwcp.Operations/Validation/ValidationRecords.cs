using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>
/// The last decision and its approval, in ConfigMap <c>dwcp-v3-validation</c>. The approval counts only while manifests and image digests are
/// those that were approved.
/// </summary>
internal static class ValidationRecords
{
    private const string FieldManager = "novacron-dwcp-validation";
    private static readonly string[] ApprovalKeys = ["approvedBy", "approvedAt", "reason", "approvedReport", "approvedManifests", "approvedImages", "waived"];

    /// <summary>The approval that covers what is deployed now, or null.</summary>
    public static async Task<RecordedApproval?> FindApprovalAsync(
        ClusterConnection connection, string @namespace, string manifestHash, IReadOnlyList<string> digests, CancellationToken cancellationToken)
    {
        var map = await connection.FindAsync(ClusterResource.ConfigMap, @namespace, RolloutNames.ValidationConfigMap, cancellationToken).ConfigureAwait(false);
        if (map is null || digests.Count == 0)
            return null;
        var by = map.Text("data", "approvedBy");
        var at = map.Moment("data", "approvedAt");
        var images = Split(map.Text("data", "approvedImages"));
        if (string.IsNullOrEmpty(by) || at is null || map.Text("data", "approvedManifests") != manifestHash || !images.SequenceEqual(digests))
            return null;
        return new RecordedApproval(
            new ValidationApproval(by, at.Value, map.Text("data", "reason") ?? "", map.Text("data", "approvedReport") ?? "", manifestHash, images),
            Split(map.Text("data", "waived")));
    }

    /// <summary>Writes the decision of a full run; an approval that no longer covers what is deployed is taken away with it.</summary>
    public static async Task WriteAsync(ClusterConnection connection, DwcpValidationReport report, CancellationToken cancellationToken)
    {
        var data = Decision(report);
        KeepBaseline(data, report);
        if (report.Approval is null)
        {
            foreach (var key in ApprovalKeys)
                data[key] = null;
        }

        var existing = await connection.FindAsync(ClusterResource.ConfigMap, report.Namespace, RolloutNames.ValidationConfigMap, cancellationToken).ConfigureAwait(false);
        if (existing is null)
        {
            var document = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "ConfigMap",
                ["metadata"] = new JsonObject
                {
                    ["name"] = RolloutNames.ValidationConfigMap,
                    ["namespace"] = report.Namespace,
                    ["labels"] = new JsonObject
                    {
                        ["app.kubernetes.io/name"] = "dwcp-v3",
                        ["app.kubernetes.io/part-of"] = "novacron-dwcp",
                        ["app.kubernetes.io/component"] = "record",
                        [StagingNames.ManagedByLabel] = StagingNames.ManagedBy,
                    },
                },
                ["data"] = new JsonObject(data.Where(d => d.Value is not null).Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value!.DeepClone()))),
            };
            await connection.CreateAsync(document, cancellationToken: cancellationToken).ConfigureAwait(false);
            return;
        }

        await connection.PatchAsync(ClusterResource.ConfigMap, report.Namespace, RolloutNames.ValidationConfigMap, new JsonObject { ["data"] = data },
            fieldManager: FieldManager, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Records the approval, if the report is still the last one.</summary>
    /// <exception cref="DwcpValidationException">Another validation has run since.</exception>
    public static async Task ApproveAsync(ClusterConnection connection, DwcpValidationReport report, RecordedApproval approval, CancellationToken cancellationToken)
    {
        var target = ClusterResource.ConfigMap.Describe(report.Namespace, RolloutNames.ValidationConfigMap);
        var map = await connection.FindAsync(ClusterResource.ConfigMap, report.Namespace, RolloutNames.ValidationConfigMap, cancellationToken).ConfigureAwait(false);
        if (map?.Text("data", "report") != report.Id)
        {
            throw new DwcpValidationException(target, map is null ? "records no validation" : $"records report {map.Text("data", "report")}, not {report.Id}",
                "Run the validation again and approve its report.");
        }

        var data = Decision(report);
        data["approvedBy"] = approval.Approval.ApprovedBy;
        data["approvedAt"] = Format(approval.Approval.ApprovedAt);
        data["reason"] = approval.Approval.Reason;
        data["approvedReport"] = report.Id;
        data["approvedManifests"] = report.ManifestHash;
        data["approvedImages"] = string.Join(' ', approval.Approval.ImageDigests);
        data["waived"] = string.Join(' ', approval.Waived);
        KeepBaseline(data, report);
        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = map.Text("metadata", "resourceVersion") },
            ["data"] = data,
        };
        await connection.PatchAsync(ClusterResource.ConfigMap, report.Namespace, RolloutNames.ValidationConfigMap, patch, fieldManager: FieldManager, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
    }

    public static IReadOnlyList<string> Digests(IReadOnlyList<StagedImage> images) =>
        images.Count == 0 || images.Any(i => i.Digest is null) ? [] : [.. images.Select(i => i.Digest!).Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Only a GO replaces the baseline: what was measured of a release that nobody wants is no measure for the next.</summary>
    private static void KeepBaseline(JsonObject data, DwcpValidationReport report)
    {
        if (report.Decision == ValidationDecision.Go && PerformanceBaseline.From(report) is { Figures.Count: > 0 } baseline)
            data[PerformanceBaseline.Key] = baseline.Serialize();
    }

    private static JsonObject Decision(DwcpValidationReport report) => new()
    {
        ["decision"] = report.DecisionText,
        ["release"] = report.Release,
        ["time"] = Format(report.StartedAt),
        ["report"] = report.Id,
        ["explanation"] = report.Reason,
        ["profile"] = report.Profile,
        ["validatedBy"] = report.ValidatedBy,
        ["manifests"] = report.ManifestHash,
        ["images"] = string.Join(' ', Digests(report.Images)),
    };

    private static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private static string[] Split(string? text) => (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
