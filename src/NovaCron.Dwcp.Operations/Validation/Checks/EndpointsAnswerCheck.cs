namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Every pod answers on every port that people and Prometheus ask, not only the one that the Service happened to choose.</summary>
internal sealed class EndpointsAnswerCheck() : ValidationCheck(
    "health-endpoints", CheckCategory.Health, CheckSeverity.Critical, "/health, /ready and /metrics answer 200 on every node",
    "Look at the log of the pod that does not answer.")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            foreach (var (port, path) in new[] { (8080, "/health"), (8080, "/ready"), (9090, "/metrics") })
            {
                var answer = await context.Connection.GetFromPodAsync(context.Namespace, pod, port, path, cancellationToken: cancellationToken).ConfigureAwait(false);
                if ((int)answer.StatusCode != 200)
                    return $"{answer.Target} answered {(int)answer.StatusCode}: {ValidationContext.Start(answer.Text)}";
            }

            return null;
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{nodes.Count} nodes answer /health, /ready and /metrics");
    }
}
