using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>
/// Policies are only as good as the network that enforces them, and many do not. From inside the pods: what listens and is allowed is reached, what listens and
/// is not allowed is not, nor is the place where clouds hand out a machine's credentials. Of medium severity: it is the cluster's doing, and each port has keys of its own.
/// </summary>
internal sealed class NetworkEffectCheck() : ValidationCheck(
    "security-network-effect", CheckCategory.Security, CheckSeverity.Medium, "NetworkPolicies are enforced: pods do not reach each other's 8081 and 9090, nor the cloud's metadata",
    "Use a cluster network that enforces NetworkPolicies (Calico, Cilium, the VPC CNI with its policy agent), and apply the manifests again (New-DwcpStaging).")
{
    private const string Metadata = "cloud metadata";

    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(1);

    public override async Task<string?> WhyNotApplicableAsync(ValidationContext context) => await context.PodsAreProcessesAsync().ConfigureAwait(false)
        ? "pods are processes of this machine, whose network enforces no policies"
        : await PodNetwork.WhyNotApplicableAsync(context).ConfigureAwait(false);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var (problems, refused) = (new List<string>(), 0);
        var pods = await PodNetwork.ReadAsync(context, cancellationToken).ConfigureAwait(false);
        foreach (var pod in pods)
        {
            foreach (var sibling in pods.Select(p => p.From).Where(s => s != pod.From))
            {
                // That nothing is reached proves a policy only where something is.
                if (pod.Of(sibling, 7420, "tcp") is { Reached: not true } way)
                    throw new InconclusiveException($"pod {pod.From} does not even reach 7420 of pod {sibling} ({way.Detail}), so that it cannot be told what a policy keeps from it");
                foreach (var (port, protocol) in PodNetwork.Guarded)
                    Judge(pod.From, pod.Of(sibling, port, protocol), $"{port} of pod {sibling}");
            }

            Judge(pod.From, pod.Attempts.FirstOrDefault(a => a.Target == Metadata) ?? throw new InconclusiveException($"pod {pod.From} has not tried the cloud's metadata"), "the cloud's metadata");
        }

        return CheckFinding.Judge(problems, refused + problems.Count, string.Create(CultureInfo.InvariantCulture, $"{refused} attempts at what is not allowed got nowhere, and 7420 is reached"));

        void Judge(string from, PodAttempt attempt, string what)
        {
            if (attempt.Reached is null)
                throw new InconclusiveException($"pod {from} could not try {what}: {attempt.Detail}");
            if (attempt.Reached == true)
                problems.Add($"pod {from} reaches {what} ({attempt.Address}:{attempt.Port}), which no policy allows");
            else
                refused++;
        }
    }
}
