using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What a node's POST /diagnostics/benchmark?kind=transfer or kind=sibling measured.</summary>
internal sealed record TransferBenchmark(double BytesPerSecond, string Data, double MemoryCopyBytesPerSecond)
{
    private const int Runs = 4;

    /// <summary>Several runs from pod to pod, or to the only pod itself; once per validation, for all who judge them.</summary>
    public static Task<IReadOnlyList<TransferBenchmark>> BetweenPodsAsync(ValidationContext context, CancellationToken cancellationToken) => context.OnceAsync("transfer-benchmark", async () =>
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var path = $"benchmark?kind={(nodes.Count > 1 ? "sibling" : "transfer")}";
        var runs = new List<TransferBenchmark>();
        for (var i = 0; i < Runs; i++)
            runs.Add(Read(nodes[0], await context.DiagnoseAsync(nodes[0], path, TimeSpan.FromSeconds(45), cancellationToken).ConfigureAwait(false)));
        return (IReadOnlyList<TransferBenchmark>)runs;
    });

    /// <exception cref="InconclusiveException">It was no v3 transfer, or no figure came back.</exception>
    public static TransferBenchmark Read(string pod, JsonObject answer)
    {
        if (Number(answer.At("figures", "version")) is not 3)
            throw new InconclusiveException($"pod {pod} transferred with version {answer.Text("figures", "version") ?? "?"}, not 3");
        if (Number(answer["bytesPerSecond"]) is not { } rate || !double.IsFinite(rate) || rate <= 0)
            throw new InconclusiveException($"pod {pod} measured no throughput");
        return new TransferBenchmark(rate, answer.Text("data") ?? "", Number(answer["memoryCopyBytesPerSecond"]) ?? double.NaN);
    }

    private static double? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue<double>(out var number) ? number : null;
}
