using System.Text;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>At 0 % every client is told v1, by every node.</summary>
internal sealed class SplitAtZeroCheck() : ValidationCheck(
    "flags-split", CheckCategory.FeatureFlags, CheckSeverity.Critical, "Every node sends every client to v1",
    "Set the flag to 0 and see that the nodes apply it (flags-revision).")
{
    private const int Clients = 20;

    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var problems = await context.OfEachNodeAsync(async pod =>
        {
            for (var i = 0; i < Clients; i++)
            {
                var question = new JsonObject { ["clientId"] = $"{ValidationContext.ProbeClient}-{i}", ["versions"] = new JsonArray(1, 3) };
                var answer = await context.Connection.SendToPodAsync(context.Namespace, pod, 8080, HttpMethod.Post, "/sessions", body: Encoding.UTF8.GetBytes(question.ToJsonString()),
                    cancellationToken: cancellationToken).ConfigureAwait(false);
                if (!answer.IsSuccess)
                    return $"{answer.Target} answered {(int)answer.StatusCode}: {ValidationContext.Start(answer.Text)}";
                if (answer.ReadJson().Whole("version") is not 1)
                    return $"pod {pod} sends client {question.Text("clientId")} to version {answer.ReadJson().Text("version")}, expected 1";
            }

            return null;
        }).ConfigureAwait(false);
        return CheckFinding.Judge(problems, nodes.Count, $"{Clients} clients are on v1 according to {nodes.Count} nodes");
    }
}
