using NovaCron.Dwcp.Operations.Evidence;
using NovaCron.Dwcp.Operations.Metrics;
using NovaCron.Dwcp.Operations.Rollback;

namespace NovaCron.Dwcp.Operations.Rollout;

public sealed partial class RolloutReconciler
{
    /// <content>Asking the pods and taking down what they said.</content>
    private sealed partial class Pass
    {
        private const string SourcesAgree = "SourcesAgree";

        private static readonly TimeSpan PrometheusTimeout = TimeSpan.FromSeconds(5);

        /// <summary>One round over all pods. Returns true when it ended in a rollback.</summary>
        private async Task<bool> CheckAsync(GuardianMemory memory, TimeSpan since, CancellationToken cancellationToken)
        {
            if (memory.Phase != Status.Phase)
            {
                (memory.Phase, memory.V1, memory.V3, memory.Soaked, memory.IdleChecks) = (Status.Phase, default, default, TimeSpan.Zero, 0);
            }
            var last = memory.LastCheckAt;
            var pods = await _cluster.ListPodsAsync(cancellationToken).ConfigureAwait(false);
            var deployment = await _cluster.ReadDeploymentAsync(cancellationToken).ConfigureAwait(false);
            var prometheus = await ReadPrometheusAsync(cancellationToken).ConfigureAwait(false);
            var readings = await owner._reader.ReadAsync(pods.Where(pod => pod is { Ready: true, Terminating: false }), cancellationToken).ConfigureAwait(false);
            var now = Now;
            owner._lastCheckStamp = owner.Time.GetTimestamp();
            owner._checked = true;
            owner.Checks++;
            if (prometheus is not null)
            {
                CompareSources(MetricSources.Compare(readings, prometheus, memory, since == TimeSpan.MaxValue ? TimeSpan.Zero : since, Spec.Metrics.MaximumAge, now));
                readings = MetricSources.Complete(readings, prometheus, memory, Spec.Metrics.MaximumAge);
            }

            var check = new RolloutCheck(Spec, memory, owner._book!);
            var trigger = check.Observe(now, Status.Percent, pods, deployment, readings);
            if (check.Missing is not null) owner.FailedChecks++;

            // The monotonic clock where there is one; after a restart the wall clock, cut off so that a clock jump passes no soak.
            var elapsed = since != TimeSpan.MaxValue ? since : last is { } at && now > at ? now - at : TimeSpan.Zero;
            var counted = Shorter(elapsed, 3 * Spec.CheckInterval);
            if (Status.State == RolloutState.Soaking && check.Missing is null && memory.IdleChecks == 0 && !Spec.Suspended && owner._book!.Progress < ClearEvidence)
                memory.Soaked += counted;

            if (Status.Percent < 100 || check.UsesV1)
            {
                memory.V1Quiet = TimeSpan.Zero;
                if (check.UsesV1) memory.V1UsedAt = now;
            }
            else if (check.Missing is null)
            {
                memory.V1Quiet += counted;
            }
            Status.V1Quiet = memory.V1Quiet;
            Status.V1UsedAt = memory.V1UsedAt;

            ShowTraffic(check, now, elapsed, memory);
            Status.LastCheckAt = now;
            Status.Soaked = memory.Soaked;
            Status.MetricsMissingSince = memory.MetricsMissingSince;
            Status.NotReadyChecks = memory.NotReadyChecks;
            Status.Evidence = owner._book!.Read();
            Status.Pods =
            [
                .. pods.Where(pod => !pod.Terminating).Select(pod =>
                {
                    var reading = readings.FirstOrDefault(r => r.Pod.Uid == pod.Uid && r.Pod.Name == pod.Name);
                    return new PodObservation
                    {
                        Name = pod.Name, Ready = pod.Ready, Restarts = pod.Restarts, AppliedRevision = reading?.Flags?.Revision, Percent = reading?.Flags?.Effective,
                        Problem = reading is null ? pod.WaitingReason ?? "not ready" : reading.Problem,
                    };
                }),
            ];
            _changed = true;
            SetCondition("MetricsAvailable", check.Missing is null, check.Missing is null ? "AllPodsAnswer" : "Missing", check.Missing ?? "Every ready pod answered.");
            var furthest = owner._book.Tests.MaxBy(test => test.LogEvidence / test.LogThreshold)!;
            SetCondition("EvidenceClear", owner._book.Progress < ClearEvidence, owner._book.Progress < ClearEvidence ? "Clear" : "Growing",
                Text($"{furthest.Name}: {100 * Math.Clamp(furthest.LogEvidence / furthest.LogThreshold, 0, 1):0} % of the way to rollback ({furthest.Detail})."));
            WatchSplit(check);
            RolloutSeries.Append(memory.Series, new RolloutPoint
            {
                Time = now, Percent = Status.Percent, Evidence = Math.Round(100 * owner._book.Progress, 1),
                V3RequestsPerSecond = Status.V3?.RequestsPerSecond, V1RequestsPerSecond = Status.V1?.RequestsPerSecond,
                V3ErrorRate = Status.V3?.ErrorRatePercent, V1ErrorRate = Status.V1?.ErrorRatePercent,
                V3P99 = Status.V3?.P99Milliseconds, V1P99 = Status.V1?.P99Milliseconds,
            });
            // Nothing above waits: this is the first call after the readings.
            if (trigger is not null) await BeginRollbackAsync(trigger, cancellationToken).ConfigureAwait(false);
            await owner.SaveMemoryAsync(cancellationToken).ConfigureAwait(false);
            return trigger is not null;
        }

        /// <summary>What Prometheus knows; null where none is configured, or it does not answer: the pods are asked all the same.</summary>
        private async Task<PrometheusReading?> ReadPrometheusAsync(CancellationToken cancellationToken)
        {
            if (Spec.Metrics.Prometheus is not { } address)
            {
                Status.Conditions.RemoveAll(condition => condition.Type is "PrometheusAvailable" or SourcesAgree);
                return null;
            }
            using var limit = new CancellationTokenSource(PrometheusTimeout, owner.Time);
            using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            string problem;
            try
            {
                var reading = await _cluster.ReadPrometheusAsync(new Uri(address), linked.Token).ConfigureAwait(false);
                SetCondition("PrometheusAvailable", true, "Answers", Text($"Prometheus knows {reading.Pods.Count} node pods."));
                return reading;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                problem = Text($"Prometheus did not answer within {PrometheusTimeout.TotalSeconds:0} s.");
            }
            catch (Exception e) when (e is UriFormatException || RollbackService.IsFailure(e))
            {
                problem = e.Message;
            }
            SetCondition("PrometheusAvailable", false, "NoAnswer", problem + " The pods themselves are judged.");
            return null;
        }

        /// <summary>A difference that is there twice in a row holds the phase; it rolls nothing back, for one of the two is right.</summary>
        private void CompareSources(IReadOnlyList<string> differences)
        {
            owner._differences = differences.Count == 0 ? 0 : owner._differences + 1;
            if (differences.Count > 0 && owner._differences < 2) return;
            var agree = differences.Count == 0;
            var text = agree ? "Prometheus and the pods tell the same." : string.Join("; ", differences.Take(3)) + (differences.Count > 3 ? $"; and {differences.Count - 3} more" : "") + ".";
            if (!agree && Condition(SourcesAgree) is not { Status: "False" }) Note("SourcesDiffer", $"Prometheus and the pods differ, so nothing is raised: {text}", "Warning");
            SetCondition(SourcesAgree, agree, agree ? "Agree" : "Differ", text);
        }

        /// <summary>Whether sessions are divided as the flag says, while all pods agree on it. Begins anew with every percent.</summary>
        private void WatchSplit(RolloutCheck check)
        {
            if (Status.State is not (RolloutState.Soaking or RolloutState.Completed) || Status.Percent is < 1 or > 99)
            {
                owner._sampleRatio = null;
                return;
            }
            if (owner._sampleRatio?.Percent != Status.Percent) owner._sampleRatio = new SampleRatioAlarm(Status.Percent);
            if (check is not { V1: { } v1, V3: { } v3 }) return;
            owner._sampleRatio.Observe(v3.SessionsStarted, v1.SessionsStarted);
            var raised = owner._sampleRatio.IsRaised;
            if (raised && Condition("SampleRatio") is not { Status: "False" })
                Note("SampleRatio", $"Sessions are not divided as they should be: {owner._sampleRatio.Detail}. Comparisons with v1 are doubtful; nothing is rolled back for it.", "Warning");
            SetCondition("SampleRatio", !raised, raised ? "Mismatch" : "AsExpected", owner._sampleRatio.Detail + ".");
        }

        private void ShowTraffic(RolloutCheck check, DateTimeOffset now, TimeSpan elapsed, GuardianMemory memory)
        {
            if (check is { V1: { } v1, V3: { } v3 } && elapsed > TimeSpan.Zero && elapsed < TimeSpan.FromMinutes(10)) owner._recent.Enqueue((now, elapsed, v1, v3));
            while (owner._recent.Count > 1 && now - owner._recent.Peek().Time >= DisplayWindow) owner._recent.Dequeue();
            var seconds = owner._recent.Sum(entry => entry.Length.TotalSeconds);
            Status.V1 = Show(memory.V1, owner._recent.Select(entry => entry.V1), seconds);
            Status.V3 = Show(memory.V3, owner._recent.Select(entry => entry.V3), seconds);

            static VersionTraffic Show(VersionCounts phase, IEnumerable<RequestCounters> recent, double seconds)
            {
                var window = recent.Aggregate(new RequestCounters(), (sum, next) => sum.Plus(next));
                return new VersionTraffic
                {
                    Requests = phase.Requests, Errors = phase.Errors, Slow = phase.Slow,
                    RequestsPerSecond = seconds > 0 ? Math.Round(window.Judged / seconds, 2) : null,
                    ErrorRatePercent = window.Judged > 0 ? Math.Round(100d * window.ServerErrors / window.Judged, 3) : null,
                    P50Milliseconds = Round(window.QuantileMilliseconds(0.50)),
                    P95Milliseconds = Round(window.QuantileMilliseconds(0.95)),
                    P99Milliseconds = Round(window.QuantileMilliseconds(0.99)),
                };
            }

            static double? Round(double? value) => value is { } number ? Math.Round(number, 2) : null;
        }
    }
}
