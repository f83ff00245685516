using NovaCron.Dwcp.Operations.Metrics;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Counts of all nodes over a short load that validation itself makes, from scrapes before and after.</summary>
internal sealed record LoadMeasurement(long Requests, long ServerErrors, long Timed, long SlowerThan100Milliseconds, int FailedTransfers, IReadOnlyList<string> Transfers)
{
    private const string Duration = "dwcp_request_duration_seconds";
    private const int TransferCount = 8;

    public static async Task<LoadMeasurement> ReadAsync(ValidationContext context, CancellationToken cancellationToken) =>
        await context.OnceAsync("load", () => MeasureAsync(context, cancellationToken)).ConfigureAwait(false);

    private static async Task<LoadMeasurement> MeasureAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var nodes = await context.NodesAsync().ConfigureAwait(false);
        var before = await ScrapeAllAsync().ConfigureAwait(false);
        var transfers = new List<string>();
        var failed = 0;
        var canary = await context.SecretValueAsync("diagnostics-key").ConfigureAwait(false);
        for (var i = 0; i < TransferCount; i++)
        {
            // Half v3, half what the flag says; new data each time, or deduplication would answer for the store.
            var number = 1000 + i;
            var result = await context.TransferAsync($"load-{i}", r => r with { Bytes = 2 << 20, Number = number, CanaryKey = number % 2 == 0 ? canary : null }).ConfigureAwait(false);
            transfers.Add($"v{result.Version}: {(result.Succeeded && result.HashesEqual ? "ok" : result.Detail.Length > 0 ? result.Detail : "the data read back differs")}");
            failed += result.Succeeded && result.HashesEqual ? 0 : 1;
        }

        var after = await ScrapeAllAsync().ConfigureAwait(false);
        long requests = 0, errors = 0, timed = 0, slow = 0;
        foreach (var node in nodes)
        {
            requests += Delta(node, "dwcp_requests_total", s => s.Name == "dwcp_requests_total" && s.Label("outcome") is "ok" or "server_error");
            errors += Delta(node, "dwcp_requests_total of outcome server_error", s => s.Name == "dwcp_requests_total" && s.Label("outcome") == "server_error");
            var all = Delta(node, Duration + "_count", s => s.Name == Duration + "_count");
            timed += all;
            slow += all - Delta(node, Duration + "_bucket with the bound 0.1", s => s.Name == Duration + "_bucket" && s.Label("le") == "0.1");
        }

        return new LoadMeasurement(requests, errors, timed, slow, failed, transfers);

        async Task<Dictionary<string, IReadOnlyList<MetricSample>>> ScrapeAllAsync()
        {
            var pages = await Task.WhenAll(nodes.Select(n => context.ScrapeAsync(n, cancellationToken))).ConfigureAwait(false);
            return nodes.Zip(pages).ToDictionary(p => p.First, p => p.Second);
        }

        long Delta(string node, string what, Func<MetricSample, bool> which)
        {
            var (from, to) = (Sum(before[node], which, node, what), Sum(after[node], which, node, what));
            return to >= from ? (long)(to - from) : throw new InconclusiveException($"pod {node} restarted while it was measured");
        }
    }

    private static double Sum(IReadOnlyList<MetricSample> page, Func<MetricSample, bool> which, string node, string what)
    {
        var samples = page.Where(which).ToList();
        if (samples.Count == 0)
            throw new InconclusiveException($"pod {node} does not export {what}");
        var sum = samples.Sum(s => s.Value);
        return double.IsFinite(sum) ? sum : throw new InconclusiveException($"pod {node} exports {samples.First(s => !double.IsFinite(s.Value)).Name} as {sum}");
    }
}
