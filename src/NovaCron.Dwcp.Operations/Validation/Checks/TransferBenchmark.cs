using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What a node's POST /diagnostics/benchmark?kind=transfer measured.</summary>
internal sealed record TransferBenchmark(double BytesPerSecond, string Data, double MemoryCopyBytesPerSecond)
{
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
