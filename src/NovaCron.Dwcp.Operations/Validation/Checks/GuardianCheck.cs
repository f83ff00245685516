using System.Globalization;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Somebody watches: without a guardian no rollout is safe.</summary>
internal sealed class GuardianCheck() : ValidationCheck(
    "health-guardian", CheckCategory.Health, CheckSeverity.Critical, "A guardian leads and has renewed its Lease",
    "Look at the pods of Deployment dwcp-v3-guardian and their permissions on Lease dwcp-v3-guardian.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        // Read afresh: age is what is judged.
        var lease = await context.Connection.FindAsync(ClusterResource.Lease, context.Namespace, "dwcp-v3-guardian", cancellationToken).ConfigureAwait(false);
        if (lease is null)
            return CheckFinding.Fail("Lease dwcp-v3-guardian does not exist: no guardian ever led");
        var holder = lease.Text("spec", "holderIdentity") ?? "";
        var renewed = lease.Moment("spec", "renewTime");
        if (holder.Length == 0 || renewed is null)
            return CheckFinding.Fail("Lease dwcp-v3-guardian has no holder");
        var limit = TimeSpan.FromSeconds(2 * (lease.Whole("spec", "leaseDurationSeconds") ?? 15));
        var age = context.Now - renewed.Value;
        // A renewal from the future is no heartbeat: a clock is wrong, or somebody wrote it by hand.
        if (age < -limit)
            return CheckFinding.Fail(string.Create(CultureInfo.InvariantCulture, $"Lease dwcp-v3-guardian says that it was renewed {-age.TotalSeconds:0} s from now"));
        if (age > limit)
            return CheckFinding.Fail(string.Create(CultureInfo.InvariantCulture, $"guardian {holder} renewed its Lease {age.TotalSeconds:0} s ago, allowed are {limit.TotalSeconds:0} s"));
        var pods = await context.PodsOfAsync("dwcp-v3-guardian").ConfigureAwait(false);
        return pods.Any(p => WorkloadWaiter.IsReady(p) && holder.StartsWith(p.Name(), StringComparison.Ordinal))
            ? CheckFinding.Pass(string.Create(CultureInfo.InvariantCulture, $"{holder} leads, renewed {age.TotalSeconds:0.0} s ago"))
            : CheckFinding.Fail($"{holder} leads, but is no ready pod of Deployment dwcp-v3-guardian");
    }
}
