using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>
/// Scales Deployments by what their pods' processes use of what they request (<c>Resource</c> metrics with a utilisation target). The rule is
/// Kubernetes' own: desired = ceil(current x ratio), nothing within 10 %, at most double or 4 more at once, down by the highest proposal of
/// the stabilisation window.
/// </summary>
internal sealed class HorizontalPodAutoscalerController(ClusterStore store, ClusterJournal journal, IPodUsage usage) : Controller(store, journal)
{
    private const double Tolerance = 0.1;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan DefaultStabilisation = TimeSpan.FromMinutes(5);

    // The first look comes sooner than a period, so that a new autoscaler has its metrics within seconds.
    private static readonly TimeSpan FirstSample = TimeSpan.FromSeconds(2);

    private readonly EventRecorder _events = new(store, "horizontal-pod-autoscaler");
    private readonly Dictionary<string, (DateTimeOffset Time, TimeSpan Used)> _samples = [];
    private readonly Dictionary<ObjectKey, List<(DateTimeOffset Time, int Replicas)>> _proposals = [];
    private readonly Dictionary<ObjectKey, DateTimeOffset> _next = [];

    protected override void Watch() => Watch(ResourceTypes.HorizontalPodAutoscalers);

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var scaler = Store.Get(ResourceTypes.HorizontalPodAutoscalers, key.Namespace, key.Name);
        if (scaler is null || scaler.IsDeleting())
        {
            _next.Remove(key);
            _proposals.Remove(key);
            return null;
        }
        var now = Now;
        if (_next.TryGetValue(key, out var due) && due > now)
        {
            return due - now;
        }
        var target = scaler.TextAt("spec.scaleTargetRef.kind") == "Deployment"
            ? Store.Get(ResourceTypes.Deployments, key.Namespace, scaler.TextAt("spec.scaleTargetRef.name") ?? "") : null;
        var wait = target is null ? ReportMissingTarget(scaler) : Scale(key, scaler, target, now);
        _next[key] = now + wait;
        return wait;
    }

    private TimeSpan ReportMissingTarget(JsonObject scaler)
    {
        var what = $"deployments.apps \"{scaler.TextAt("spec.scaleTargetRef.name")}\" not found";
        _events.Warning(scaler, "FailedGetScale", what);
        WriteStatus(scaler, status => status.SetCondition("AbleToScale", false, "FailedGetScale",
            $"the HPA controller was unable to get the target's current scale: {what}", Now));
        return Period;
    }

    private TimeSpan Scale(ObjectKey key, JsonObject scaler, JsonObject target, DateTimeOffset now)
    {
        var current = target.Number("spec.replicas", 1);
        var (minimum, maximum) = (scaler.Number("spec.minReplicas", 1), scaler.Number("spec.maxReplicas", 1));
        var pods = Store.List(ResourceTypes.Pods, key.Namespace)
            .Where(pod => LabelSelection.Matches(target.At("spec.selector"), pod) && pod.IsPodActive()).ToList();
        var metrics = scaler.At("spec.metrics").Objects().Where(static m => m.Text("type") == "Resource").ToList();
        var readings = metrics.Select(metric => Read(metric, pods, now)).ToList();
        var isMeasured = readings.Count > 0 && readings.Any(static r => r is not null);
        var proposal = current == 0 ? 0 : isMeasured ? readings.Max(r => r is { } m ? Propose(current, m.Ratio) : 0) : current;
        var stable = Stabilise(key, scaler, current, proposal, now);
        var bounded = current == 0 ? 0 : Math.Clamp(Math.Min(stable, Math.Max(current * 2, current + 4)), minimum, maximum);
        if (bounded != current)
        {
            Store.Modify(ResourceTypes.Deployments, key.Namespace, target.Name(), d =>
            {
                d.Child("spec")["replicas"] = bounded;
                return true;
            });
            var why = current > maximum ? "Current number of replicas above Spec.MaxReplicas" : current < minimum
                ? "Current number of replicas below Spec.MinReplicas" : bounded > current ? "cpu resource utilization (percentage of request) above target"
                : "All metrics below target";
            _events.Normal(scaler, "SuccessfulRescale", $"New size: {bounded}; reason: {why}");
        }
        if (!isMeasured && current != 0)
        {
            _events.Warning(scaler, "FailedGetResourceMetric", "failed to get cpu utilization: no metrics returned from resource metrics API");
        }
        WriteStatus(scaler, status =>
        {
            status["currentReplicas"] = current;
            status["desiredReplicas"] = bounded;
            status["observedGeneration"] = scaler.Number("metadata.generation");
            if (bounded != current)
            {
                status["lastScaleTime"] = JsonDocuments.Timestamp(now);
            }
            status["currentMetrics"] = new JsonArray([.. readings.OfType<Reading>().Select(static r => r.ToStatus())]);
            status.SetCondition("AbleToScale", true, bounded != current ? "SucceededRescale" : "ReadyForNewScale",
                bounded != current ? $"the HPA controller was able to update the target scale to {bounded}"
                : "recommended size matches current size", now);
            status.SetCondition("ScalingActive", isMeasured, isMeasured ? "ValidMetricFound" : current == 0 ? "ScalingDisabled" : "FailedGetResourceMetric",
                isMeasured ? "the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)"
                : current == 0 ? "scaling is disabled since the replica count of the target is zero"
                : "the HPA was unable to compute the replica count: no metrics returned from resource metrics API", now);
            var isLimited = stable < minimum || stable > maximum;
            status.SetCondition("ScalingLimited", isLimited, stable < minimum ? "TooFewReplicas" : stable > maximum ? "TooManyReplicas" : "DesiredWithinRange",
                stable < minimum ? "the desired replica count is less than the minimum replica count"
                : stable > maximum ? "the desired replica count is more than the maximum replica count" : "the desired count is within the acceptable range", now);
        });
        return isMeasured ? Period : FirstSample;
    }

    private static int Propose(int current, double ratio) => Math.Abs(ratio - 1) <= Tolerance ? current : (int)Math.Ceiling(current * ratio);

    private int Stabilise(ObjectKey key, JsonObject scaler, int current, int proposal, DateTimeOffset now)
    {
        var window = (scaler.At("spec.behavior.scaleDown.stabilizationWindowSeconds") as JsonValue).AsInteger() is { } seconds
            ? TimeSpan.FromSeconds(seconds) : DefaultStabilisation;
        var proposals = _proposals.TryGetValue(key, out var earlier) ? earlier : _proposals[key] = [(now, current)];
        proposals.RemoveAll(p => p.Time < now - window);
        proposals.Add((now, proposal));
        return proposal >= current ? proposal : Math.Min(current, proposals.Max(static p => p.Replicas));
    }

    private Reading? Read(JsonObject metric, List<JsonObject> pods, DateTimeOffset now)
    {
        var resource = metric.TextAt("resource.name") ?? "";
        var values = pods.Where(static p => p.IsPodReady()).Select(pod => (Used: Used(pod, resource, now), Requested: Requested(pod, resource)))
            .Where(static v => v.Used is not null && v.Requested > 0).ToList();
        if (values.Count == 0)
        {
            return null;
        }
        var used = values.Sum(static v => v.Used!.Value);
        var utilisation = (int)(100 * used / values.Sum(static v => v.Requested));
        var average = used / values.Count;
        var goal = (metric.At("resource.target.averageUtilization") as JsonValue).AsInteger();
        var ratio = goal is { } percent ? utilisation / (double)percent
            : (double)(average / Quantity.Parse(metric.At("resource.target.averageValue")?.ToString() ?? "1"));
        return new(resource, utilisation, average, ratio);
    }

    private decimal? Used(JsonObject pod, string resource, DateTimeOffset now)
    {
        if (resource == "memory")
        {
            return usage.ResidentBytes(pod.Namespace(), pod.Name());
        }
        if (usage.ProcessorTime(pod.Namespace(), pod.Name()) is not { } total)
        {
            return null;
        }
        var known = _samples.TryGetValue(pod.Uid(), out var last);
        if (!known || now - last.Time >= TimeSpan.FromSeconds(1))
        {
            _samples[pod.Uid()] = (now, total);
        }
        var elapsed = now - last.Time;
        // A first sample is no rate yet, and a restarted container counts from zero again.
        return known && elapsed > TimeSpan.Zero && total >= last.Used ? (decimal)((total - last.Used) / elapsed) : null;
    }

    private static decimal Requested(JsonObject pod, string resource) => pod.At("spec.containers").Objects()
        .Sum(c => Quantity.Parse((c.At("resources.requests") as JsonObject)?[resource]?.ToString() ?? "0"));

    private void WriteStatus(JsonObject scaler, Action<JsonObject> write) => Store.Modify(
        ResourceTypes.HorizontalPodAutoscalers, scaler.Namespace(), scaler.Name(), current =>
        {
            var before = current["status"]?.DeepClone();
            write(current.Child("status"));
            return !JsonNode.DeepEquals(before, current["status"]);
        }, status: true);

    private sealed record Reading(string Resource, int Utilisation, decimal Average, double Ratio)
    {
        public JsonObject ToStatus() => new()
        {
            ["type"] = "Resource",
            ["resource"] = new JsonObject
            {
                ["name"] = Resource,
                ["current"] = new JsonObject
                {
                    ["averageUtilization"] = Utilisation,
                    ["averageValue"] = Resource == "cpu"
                        ? Math.Round(Average * 1000).ToString(CultureInfo.InvariantCulture) + "m" : Math.Round(Average).ToString(CultureInfo.InvariantCulture),
                },
            },
        };
    }
}
