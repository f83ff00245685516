using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Manifests;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nobody changed by hand what was deployed: applying it again (as a dry run) would change nothing.</summary>
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
        var secrets = StagingSecrets.Complete(
            await context.FindAsync(ClusterResource.Secret, StagingNames.Secrets).ConfigureAwait(false),
            await context.FindAsync(ClusterResource.Secret, StagingNames.AuthoritySecret).ConfigureAwait(false),
            context.Namespace, record.Values.Redis.MaximumMemory, rotate: false, context.Now);
        var options = new StagingOptions { Namespace = context.Namespace, Values = record.Values };
        var settings = StagingRun.Settings(options, context.Connection.Context, record.ControlPlaneCidrs, secrets);
        var problems = new List<string>();
        var documents = StagingService.Render(templates, settings, context.Namespace).Concat(secrets.Documents(context.Namespace)).ToList();
        foreach (var document in documents)
        {
            var result = await context.Connection.ApplyAsync(document, options: new ApplyOptions { DryRun = true }, cancellationToken: cancellationToken).ConfigureAwait(false);
            if (result.Outcome == ApplyOutcome.Created)
                problems.Add($"{result.Target} is gone");
            else if (result.Outcome == ApplyOutcome.Changed)
                problems.AddRange(result.Changes.Select(c => $"{result.Target} {c.Path} is {c.Before ?? "absent"}, deployed was {c.After ?? "absent"}"));
        }

        return CheckFinding.Judge(problems, documents.Count, $"{documents.Count} objects are as deployed");
    }
}
