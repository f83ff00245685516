using k8s.Models;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Operations.Notifications;
using NovaCron.Dwcp.Operations.Rollout;
using Prometheus;

namespace NovaCron.Dwcp.Node.Guarding;

/// <summary>The guardian's own metrics, and the state of the pods that it watches.</summary>
internal sealed class GuardMetrics
{
    private readonly CollectorRegistry _registry = Prometheus.Metrics.NewCustomRegistry();
    private readonly Gauge _ready;
    private readonly Gauge _restarts;
    private readonly Lock _gate = new();

    public GuardMetrics(Func<GuardianHealth> health, Func<IReadOnlyDictionary<string, ChannelTotals>> notifications, NodeOptions options)
    {
        var factory = Prometheus.Metrics.WithCustomRegistry(_registry);
        _ready = factory.CreateGauge("dwcp_pod_ready", "1 while the node pod is ready, else 0.", "pod");
        _restarts = factory.CreateGauge("dwcp_pod_restarts", "Restarts of the node pod's containers, as the kubelet counts them.", "pod");
        factory.CreateGauge("dwcp_build_info", "1; the labels say what runs.", "version", "build", "mode").WithLabels(options.Version, NodeOptions.BuildVersion, "guard").Set(1);
        var leader = factory.CreateGauge("dwcp_guardian_leader", "1 while this replica leads, else 0.");
        var percent = factory.CreateGauge("dwcp_guardian_percent", "Percent that the rollout's status shows; meaningful on the leader.");
        var success = factory.CreateGauge("dwcp_guardian_last_success_timestamp_seconds", "Last pass without an error, Unix seconds; NaN before the first.");
        var checks = factory.CreateCounter("dwcp_guardian_checks_total", "Checks of the rollout's evidence.");
        var failed = factory.CreateCounter("dwcp_guardian_failed_checks_total", "Checks that could not be made or were not passed.");
        var rollbacks = factory.CreateCounter("dwcp_guardian_rollbacks_total", "Rollbacks begun.");
        var delivered = factory.CreateCounter("dwcp_guardian_notifications_total", "Notifications that a receiver has taken.", "channel");
        var undelivered = factory.CreateCounter("dwcp_guardian_notification_failures_total", "Attempts to deliver a notification that failed; they are repeated.", "channel");
        _registry.AddBeforeCollectCallback(() =>
        {
            foreach (var (channel, totals) in notifications())
            {
                delivered.WithLabels(channel).IncTo(totals.Delivered);
                undelivered.WithLabels(channel).IncTo(totals.Failed);
            }

            var now = health();
            leader.Set(now.IsLeader ? 1 : 0);
            percent.Set(now.Percent);
            success.Set(now.LastSuccess is { } at ? at.ToUnixTimeMilliseconds() / 1000.0 : double.NaN);
            checks.IncTo(now.Checks);
            failed.IncTo(now.FailedChecks);
            rollbacks.IncTo(now.Rollbacks);
        });
        DotNetStats.Register(_registry);
    }

    /// <summary>Replaces the pods' series.</summary>
    public void SetPods(IReadOnlyList<V1Pod> pods)
    {
        lock (_gate)
        {
            var names = pods.Select(pod => pod.Name()).ToHashSet();
            foreach (var gauge in (Gauge[])[_ready, _restarts])
            {
                foreach (var labels in gauge.GetAllLabelValues().Where(labels => !names.Contains(labels[0])).ToList()) gauge.RemoveLabelled(labels);
            }

            foreach (var pod in pods)
            {
                _ready.WithLabels(pod.Name()).Set(pod.Status?.Conditions?.Any(condition => condition is { Type: "Ready", Status: "True" }) == true ? 1 : 0);
                _restarts.WithLabels(pod.Name()).Set(pod.Status?.ContainerStatuses?.Sum(container => container.RestartCount) ?? 0);
            }
        }
    }

    /// <summary>The exposition text, UTF-8.</summary>
    public async Task<byte[]> ExportAsync(CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        await _registry.CollectAndExportAsTextAsync(buffer, cancellationToken).ConfigureAwait(false);
        return buffer.ToArray();
    }
}
