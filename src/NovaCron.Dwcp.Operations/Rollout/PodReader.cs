using System.Globalization;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Asks every ready pod for its flags, its health and its metrics, at most 32 pods at a time.</summary>
public sealed class PodReader(IRolloutCluster cluster, TimeSpan podTimeout, TimeProvider time)
{
    private const int Parallel = 32;

    public async Task<IReadOnlyList<PodReading>> ReadAsync(IEnumerable<RolloutPod> pods, CancellationToken cancellationToken)
    {
        using var slots = new SemaphoreSlim(Parallel);
        return await Task.WhenAll(pods.Select(async pod =>
        {
            await slots.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await ReadPodAsync(pod, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                slots.Release();
            }
        })).ConfigureAwait(false);
    }

    private async Task<PodReading> ReadPodAsync(RolloutPod pod, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        // In this order: whatever /flags says has happened must already be in the metrics that are read after it.
        var flags = await AskAsync(pod, RolloutNames.DiagnosticsPort, "/flags", NodeFlags.Parse, problems, cancellationToken).ConfigureAwait(false);
        var metrics = await AskAsync(pod, RolloutNames.MetricsPort, "/metrics", NodeMetrics.Parse, problems, cancellationToken).ConfigureAwait(false);
        var health = await AskAsync(pod, RolloutNames.HttpPort, "/health", body => body, problems, cancellationToken).ConfigureAwait(false);
        if (flags is not null && metrics is not null && StaleReason(flags, metrics) is { } stale)
        {
            problems.Add(stale);
            metrics = null;
        }
        return new PodReading
        {
            Pod = pod, Flags = flags, Metrics = metrics, Healthy = health is not null,
            Problem = flags is null || metrics is null ? string.Join("; ", problems) : null,
        };
    }

    /// <summary>
    /// A page that is older than /flags, which was read before it. A node whose exporter hangs serves plausible numbers of the past for ever; its
    /// session counters and its revision give it away without trusting anybody's clock.
    /// </summary>
    internal static string? StaleReason(NodeFlags flags, NodeMetrics metrics)
    {
        if (metrics.V3.SessionsStarted < flags.V3Started) return $"metrics are stale: {metrics.V3.SessionsStarted} v3 sessions, /flags had counted {flags.V3Started} before";
        if (metrics.V1.SessionsStarted < flags.V1Started) return $"metrics are stale: {metrics.V1.SessionsStarted} v1 sessions, /flags had counted {flags.V1Started} before";
        return metrics.FlagRevision is { } exported && double.TryParse(flags.Revision, CultureInfo.InvariantCulture, out var applied) && exported < applied
            ? $"metrics are stale: revision {exported}, /flags had applied {applied} before"
            : null;
    }

    private async Task<T?> AskAsync<T>(RolloutPod pod, int port, string path, Func<string, T> parse, List<string> problems, CancellationToken cancellationToken)
        where T : class
    {
        using var limit = new CancellationTokenSource(podTimeout, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var answer = await cluster.GetFromPodAsync(pod, port, path, linked.Token).ConfigureAwait(false);
            if (answer.IsSuccess) return parse(answer.Body);
            problems.Add($"{path} answered {answer.StatusCode}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            problems.Add($"{path} did not answer within {podTimeout.TotalSeconds:0.#} s");
        }
        catch (Exception e) when (RollbackService.IsFailure(e))
        {
            problems.Add($"{path}: {e.Message}");
        }
        return null;
    }
}
