using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Committed objects survive their pod, and any pod can resume what another began.</summary>
internal sealed class StoreCheck() : ValidationCheck(
    "infra-store", CheckCategory.Infrastructure, CheckSeverity.Critical, "The store is a bound claim that all nodes share",
    "Give a StorageClass that offers ReadWriteMany (storage.className), and deploy without storage.ephemeral.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var deployment = await context.FindAsync(ClusterResource.Deployment, "dwcp-v3").ConfigureAwait(false)
            ?? throw new InconclusiveException("Deployment dwcp-v3 does not exist");
        var volume = deployment.Items("spec", "template", "spec", "volumes").FirstOrDefault(v => v.Text("name") == "store");
        if (volume.Text("persistentVolumeClaim", "claimName") is not { } name)
            return CheckFinding.Fail("the store is not on a claim: data dies with its pod");
        if (await context.FindAsync(ClusterResource.PersistentVolumeClaim, name).ConfigureAwait(false) is not { } claim)
            return CheckFinding.Fail($"claim {name} does not exist");
        var phase = claim.Text("status", "phase");
        if (phase != "Bound")
            return CheckFinding.Fail($"claim {name} is {phase ?? "without a phase"}, expected Bound");
        var modes = claim.Texts("spec", "accessModes").ToList();
        if (modes.Contains("ReadWriteMany"))
            return CheckFinding.Pass($"claim {name} is bound, ReadWriteMany");
        // One machine's pods share a ReadWriteOnce volume; it is enough exactly as long as there is no other machine.
        var pods = await context.Connection.ListAsync(ClusterResource.Pod, context.Namespace, "app=dwcp-v3", cancellationToken: cancellationToken).ConfigureAwait(false);
        var machines = pods.Select(p => p.Text("spec", "nodeName")).OfType<string>().Distinct().ToList();
        return modes.Contains("ReadWriteOnce") && machines.Count == 1
            ? CheckFinding.Pass($"claim {name} is bound, ReadWriteOnce, and all {pods.Count} pods share machine {machines[0]}")
            : CheckFinding.Fail($"claim {name} is {string.Join(", ", modes)} and its pods are on {machines.Count} machines, expected ReadWriteMany");
    }
}
