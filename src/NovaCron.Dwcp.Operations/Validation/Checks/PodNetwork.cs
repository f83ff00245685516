using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What the nodes reach of each other and elsewhere, tried from inside every pod (GET /diagnostics/network), once per run.</summary>
/// <param name="From">The pod that tried.</param>
/// <param name="Attempts">What it tried.</param>
internal sealed record PodNetwork(string From, IReadOnlyList<PodAttempt> Attempts)
{
    /// <summary>The ports that pods need of each other, as NetworkPolicy dwcp-v3-node lists them.</summary>
    public static readonly (long Port, string Protocol)[] Open = [(7420, "tcp"), (7420, "udp"), (8080, "tcp")];

    /// <summary>Ports on which every node listens, and that no node has any business with.</summary>
    public static readonly (long Port, string Protocol)[] Guarded = [(8081, "tcp"), (9090, "tcp")];

    /// <summary>Nodes try silently dropped connections for two seconds, and a transfer for eight.</summary>
    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Why there is nothing between pods to look at.</summary>
    public static async Task<string?> WhyNotApplicableAsync(ValidationContext context) =>
        (await context.NodesAsync().ConfigureAwait(false)).Count < 2 ? "there is only one node pod, and no other that it could reach" : null;

    public static Task<IReadOnlyList<PodNetwork>> ReadAsync(ValidationContext context, CancellationToken cancellationToken) => context.OnceAsync("network", async () =>
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        return (IReadOnlyList<PodNetwork>)await Task.WhenAll(nodes.Select(n => TryAsync(context, n, nodes, cancellationToken))).ConfigureAwait(false);
    });

    /// <summary>What was seen of a port of a sibling.</summary>
    public PodAttempt Of(string sibling, long port, string protocol) => Attempts.FirstOrDefault(a => a.Target == sibling && a.Port == port && a.Protocol == protocol)
        ?? throw new InconclusiveException($"pod {From} has not tried {port}/{protocol} of pod {sibling}: it does not know its address, which pods tell each other through Redis");

    private static async Task<PodNetwork> TryAsync(ValidationContext context, string pod, IReadOnlyList<string> nodes, CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, string> { ["X-Dwcp-Key"] = await context.SecretValueAsync("diagnostics-key").ConfigureAwait(false) };
        var started = context.Time.GetTimestamp();
        while (true)
        {
            var answer = await context.Connection.GetFromPodAsync(context.Namespace, pod, 8081, "/diagnostics/network", headers, AnswerTimeout, cancellationToken).ConfigureAwait(false);
            if (!answer.IsSuccess)
                throw new InconclusiveException($"{answer.Target} answered {(int)answer.StatusCode}: {ValidationContext.Start(answer.Text)}");
            var attempts = answer.ReadJson().Items("attempts").Select(Parse).ToList();
            // Pods tell each other their addresses every five seconds; those that just started may not have yet.
            if (nodes.All(n => n == pod || attempts.Exists(a => a.Target == n)) || context.Time.GetElapsedTime(started) > context.Options.SiblingPatience)
                return new PodNetwork(pod, attempts);
            await Task.Delay(context.Options.PollInterval, context.Time, cancellationToken).ConfigureAwait(false);
        }

        PodAttempt Parse(JsonObject attempt) => new(
            attempt.Text("target") ?? throw new InconclusiveException($"pod {pod} tells an attempt without a target"), attempt.Text("address") ?? "?",
            attempt.Whole("port") ?? throw new InconclusiveException($"pod {pod} tells an attempt without a port"), attempt.Text("protocol") ?? "?", attempt.Flag("reached"), attempt.Text("detail") ?? "");
    }
}
