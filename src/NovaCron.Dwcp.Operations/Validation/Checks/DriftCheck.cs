using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Manifests;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// Nobody changed by hand what was deployed: applying it again (as a dry run) would change nothing, and nobody else has added fields. Whoever may
/// not write the objects, and so may not even try, compares by reading.
/// </summary>
internal sealed class DriftCheck() : ValidationCheck(
    "infra-drift", CheckCategory.Infrastructure, CheckSeverity.High, "The cluster is as it was deployed",
    "Deploy again (New-DwcpStaging), which puts back what differs; or make the change in the values.")
{
    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(2);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var record = await context.RecordAsync().ConfigureAwait(false);
        var templates = ManifestTemplates.Load(null);
        if (templates.Hash() != record.ManifestHash)
            throw new InconclusiveException($"deployed were the manifests {record.ManifestHash[..12]}, this release has {templates.Hash()[..12]}: validate with the release that deployed");
        var (authority, mayReadAuthority) = await ReadAuthorityAsync(context).ConfigureAwait(false);
        var secrets = StagingSecrets.Complete(
            await context.FindAsync(ClusterResource.Secret, StagingNames.Secrets).ConfigureAwait(false), authority, context.Namespace, record.Values.Redis, rotate: false, context.Now);
        var options = new StagingOptions { Namespace = context.Namespace, Values = record.Values };
        var settings = StagingRun.Settings(options, context.Connection.Context, record.Survey, secrets);
        var documents = StagingService.Render(templates, settings, context.Namespace).Concat(mayReadAuthority ? secrets.Documents(context.Namespace) : []).ToList();
        var problems = new List<string>();
        var mayWrite = mayReadAuthority;
        foreach (var document in documents)
        {
            if (mayWrite)
            {
                try
                {
                    problems.AddRange(await DryRunAsync(context, document, cancellationToken).ConfigureAwait(false));
                    continue;
                }
                catch (DwcpClusterException e) when (e.Failure == ClusterFailure.Forbidden)
                {
                    mayWrite = false;
                }
            }

            problems.AddRange(await CompareAsync(context, document, cancellationToken).ConfigureAwait(false));
        }

        return CheckFinding.Judge(problems, documents.Count, $"{documents.Count} objects are as deployed ({(mayWrite ? "dry run" : "compared by reading, without Secrets")})");
    }

    private static async Task<(JsonObject? Authority, bool MayRead)> ReadAuthorityAsync(ValidationContext context)
    {
        try
        {
            return (await context.FindAsync(ClusterResource.Secret, StagingNames.AuthoritySecret).ConfigureAwait(false), true);
        }
        catch (DwcpClusterException e) when (e.Failure == ClusterFailure.Forbidden)
        {
            // Operators read the nodes' keys and not the CA's.
            return (null, false);
        }
    }

    private static async Task<IEnumerable<string>> DryRunAsync(ValidationContext context, JsonObject document, CancellationToken cancellationToken)
    {
        var result = await context.Connection.ApplyAsync(document, options: new ApplyOptions { DryRun = true }, cancellationToken: cancellationToken).ConfigureAwait(false);
        return result.Outcome switch
        {
            ApplyOutcome.Created => [$"{result.Target} is gone"],
            ApplyOutcome.Changed => result.Changes.Select(c => Describe(result.Target, c)),
            _ => Added(result.Target, result.Document),
        };
    }

    private static async Task<IEnumerable<string>> CompareAsync(ValidationContext context, JsonObject document, CancellationToken cancellationToken)
    {
        var resource = await context.Connection.ResolveAsync(document.Text("apiVersion")!, document.Text("kind")!, cancellationToken).ConfigureAwait(false);
        // Monitoring has a namespace of its own.
        var @namespace = document.Text("metadata", "namespace");
        var target = resource.Describe(@namespace, document.Name());
        if (await context.Connection.FindAsync(resource, @namespace, document.Name(), cancellationToken).ConfigureAwait(false) is not { } live)
            return [$"{target} is gone"];
        return DocumentSubset.Missing(document, live).Select(c => Describe(target, c)).Concat(Added(target, live));
    }

    private static string Describe(string target, FieldChange change) => $"{target} {change.Path} is {change.Before ?? "absent"}, deployed was {change.After ?? "absent"}";

    private static IEnumerable<string> Added(string target, JsonObject live) => ForeignFields.Of(live).Select(f => $"{target} {f.Path} was added by {f.Manager}");
}
