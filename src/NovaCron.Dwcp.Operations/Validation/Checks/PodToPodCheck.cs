using System.Globalization;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Pods relay for each other and hand sessions over: each reaches each, on every port that they use.</summary>
internal sealed class PodToPodCheck() : ValidationCheck(
    "integration-pod-to-pod", CheckCategory.Integration, CheckSeverity.High, "Every node reaches every other on 7420 (TCP, and data over UDP) and 8080",
    "Look at NetworkPolicy dwcp-v3-node and at the cluster's network; where only UDP fails, at its MTU and at firewalls between machines.")
{
    public override CheckPhase Phase => CheckPhase.Load;

    public override TimeSpan? TimeLimit => TimeSpan.FromMinutes(1);

    public override Task<string?> WhyNotApplicableAsync(ValidationContext context) => PodNetwork.WhyNotApplicableAsync(context);

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var (problems, untried, tried) = (new List<string>(), new List<string>(), 0);
        var pods = await PodNetwork.ReadAsync(context, cancellationToken).ConfigureAwait(false);
        foreach (var (pod, sibling) in from p in pods from s in pods where p != s select (p, s.From))
        {
            foreach (var (port, protocol) in PodNetwork.Open)
            {
                var attempt = pod.Of(sibling, port, protocol);
                if (attempt.Reached is null && protocol == "udp")
                    untried.Add(attempt.Detail);
                else if (attempt.Reached is null)
                    throw new InconclusiveException($"pod {pod.From} could not try {port}/{protocol} of pod {sibling}: {attempt.Detail}");
                else if (attempt.Reached == false)
                    problems.Add($"pod {pod.From} does not reach {port}/{protocol} of pod {sibling} ({attempt.Address}): {attempt.Detail}");
                tried += attempt.Reached is null ? 0 : 1;
            }
        }

        return CheckFinding.Judge(problems, tried, string.Create(CultureInfo.InvariantCulture,
            $"{tried} ports of siblings reached by {pods.Count} nodes{(untried.Count > 0 ? $"; UDP was not tried: {untried[0]}" : "")}"));
    }
}
