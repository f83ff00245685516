using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollback;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Traffic;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Tool.Rehearsal;

namespace NovaCron.Dwcp.Tool.Bench;

/// <summary><c>dwcp bench rollback</c>: from the decision to the proof on every pod and to the end, again and again, under live traffic in a rehearsal cluster.</summary>
internal static class RollbackBench
{
    private const string Namespace = "staging";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp bench rollback", arguments, ["pods", "runs", "rate", "node"], ["guardian", "hang"]);
        options.ExpectOperands();
        var (pods, runs, rate) = (Number(options, "pods", 10, 2), Number(options, "runs", 5, 1), Number(options, "rate", 20, 1));
        var cluster = await RehearsalCluster.StartAsync(RehearsalClusterOptions.Create(null, options.Value("node") is { } node ? Path.GetFullPath(node) : null), cancellationToken).ConfigureAwait(false);
        await using var clusterScope = cluster.ConfigureAwait(false);
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath });
        await new StagingService(connection).DeployAsync(new StagingOptions
        {
            Namespace = Namespace,
            // The autoscaler stays out of it: what is measured is a rollback of so many pods.
            Values = new StagingValues { Node = new NodeValues { MinimumReplicas = pods, MaximumReplicas = pods} },
            ReadyTimeout = TimeSpan.FromMinutes(5),
        }, null, cancellationToken).ConfigureAwait(false);

        var by = options.Has("guardian") ? "by the guardian, every v3 request failing" : "by Invoke-DwcpRollback";
        Say($"{pods} pods, 100 % on v3, {rate} requests a second, {by}{(options.Has("hang") ? ", one pod stopped (SIGSTOP)" : "")}; {Environment.ProcessorCount} cores carry everything, the clients too");
        Say("");
        Say("| run | flag 0 after s | v3 stopped after s, median pod; last pod | proven on all after s | whole s | pods proven; deleted | requests | lost | P99 ms | slowest ms |");
        Say("|---|---|---|---|---|---|---|---|---|---|");
        var proofs = new List<double>();
        var wholes = new List<double>();
        var lost = 0L;
        for (var run = 1; run <= runs; run++)
        {
            var (report, traffic) = await MeasureAsync(cluster, connection, rate, run, options.Has("guardian"), options.Has("hang"), cancellationToken).ConfigureAwait(false);
            // From the decision: the pod's own time counts from the flag.
            var late = report.TimeToFlagZero!.Value;
            var times = report.Pods.Select(pod => (pod.Elapsed + late).TotalSeconds).Order().ToList();
            proofs.AddRange(times);
            wholes.Add(report.Duration.TotalSeconds);
            lost += traffic.Lost;
            Say(string.Create(CultureInfo.InvariantCulture,
                $"| {run} | {late.TotalSeconds:0.00} | {times[times.Count / 2]:0.00}; {times[^1]:0.00} | {report.TimeToProof?.TotalSeconds:0.00} | {report.Duration.TotalSeconds:0.0} | {report.Pods.Count(pod => pod.Proven)}; {report.Pods.Count(pod => pod.Deleted)} | {traffic.Sent} | {traffic.Lost} | {Worst(traffic.V1.P99Milliseconds, traffic.V3.P99Milliseconds):0} | {Worst(traffic.V1.MaximumMilliseconds, traffic.V3.MaximumMilliseconds):0} |"));
            foreach (var problem in report.Problems) Say($"run {run}: {problem}");
            foreach (var failure in traffic.RecentFailures.Where(failure => failure.Lost)) Say($"run {run}, lost: {failure.Error}");
        }
        proofs.Sort();
        Say("");
        Say(string.Create(CultureInfo.InvariantCulture,
            $"decision to proof per pod: median {proofs[proofs.Count / 2]:0.00} s, P99 {proofs[Math.Min(proofs.Count - 1, proofs.Count * 99 / 100)]:0.00} s, longest {proofs[^1]:0.00} s ({proofs.Count} pods); whole rollback: longest {wholes.Max():0.0} s; lost: {lost}"));
        return lost == 0 ? ExitCode.Success : ExitCode.Failure;

        static double Worst(double a, double b) => double.IsNaN(a) ? b : double.IsNaN(b) ? a : Math.Max(a, b);
    }

    private static async Task<(DwcpRollbackReport Report, TrafficSnapshot Traffic)> MeasureAsync(
        RehearsalCluster cluster, ClusterConnection connection, int rate, int seed, bool guardian, bool hang, CancellationToken cancellationToken)
    {
        var service = new RolloutService(connection, Namespace);
        var view = new KubernetesRolloutCluster(connection, Namespace);
        var open = (await view.ReadConfigurationAsync(cancellationToken).ConfigureAwait(false))?.LockedBy;
        await service.SetAsync(new RolloutRequest
        {
            Percent = 100,
            AcknowledgeIncident = open,
            CheckInterval = TimeSpan.FromSeconds(1),
            // Everything shares this machine's cores: only the fault that is injected is to trigger anything.
            Limits = new RolloutLimits { SlowMilliseconds = 10_000, SlowerThanV1Percent = 1000, MissingMetrics = TimeSpan.FromMinutes(5), NotReadyChecks = 100, FailedHealthChecks = 100 },
            Phases = [new() { Name = "phase-1", Percent = 100, Soak = TimeSpan.FromHours(1), MinimumRequests = 1 }],
            Approval = new RolloutApprovalPolicy { Required = false },
            Validation = new RolloutValidationPolicy { Required = false },
        }, cancellationToken).ConfigureAwait(false);
        var access = await ClientAccess.ReadAsync(connection, Namespace, cancellationToken).ConfigureAwait(false);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(access.CertificateAuthority);
        var traffic = new TrafficGenerator(new TrafficOptions
        {
            Target = new Uri($"dwcp://{access.DataAddress}/bench/{seed}"), ApiKey = access.ApiKey, TrustedCertificates = authorities, Seed = seed, Rate = rate,
        });
        await using var trafficScope = traffic.ConfigureAwait(false);
        traffic.Start();
        await UntilAsync(async () => await service.ObserveAsync(cancellationToken).ConfigureAwait(false) is { Percent: 100, State: RolloutState.Soaking }, "100 % on every pod", cancellationToken).ConfigureAwait(false);
        var before = traffic.GetSnapshot().V3.Acknowledged;
        await UntilAsync(() => Task.FromResult(traffic.GetSnapshot().V3.Acknowledged > before + (3 * rate)), "traffic on v3", cancellationToken).ConfigureAwait(false);

        if (hang)
        {
            var victim = (await view.ListPodsAsync(cancellationToken).ConfigureAwait(false)).First(pod => pod is { Ready: true, Terminating: false });
            await cluster.Faults.PausePodAsync(Namespace, victim.Name, cancellationToken).ConfigureAwait(false);
        }
        DwcpRollbackReport report;
        if (guardian)
        {
            await cluster.Faults.SetProtocolFaultAsync("v3", new ProtocolFault(1, TimeSpan.Zero), cancellationToken).ConfigureAwait(false);
            RolloutObservation? last = null;
            await UntilAsync(async () => (last = await service.ObserveAsync(cancellationToken).ConfigureAwait(false)) is { State: RolloutState.RolledBack }, "the guardian's rollback", cancellationToken)
                .ConfigureAwait(false);
            var document = await view.ReadDocumentAsync(RolloutNames.IncidentConfigMapPrefix + last!.Lock!.Incident, cancellationToken).ConfigureAwait(false);
            report = JsonSerializer.Deserialize<DwcpRollbackReport>(document!.Text, RolloutJson.Options)!;
            await cluster.Faults.ClearAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            report = await new RollbackService(connection, Namespace).RollbackAsync(new RollbackOptions { Reason = "dwcp bench rollback" }, null, cancellationToken).ConfigureAwait(false);
        }
        await UntilAsync(async () => await service.ObserveAsync(cancellationToken).ConfigureAwait(false) is { State: RolloutState.RolledBack }, "the guardian saying so", cancellationToken)
            .ConfigureAwait(false);
        return (report, await traffic.StopAsync(cancellationToken).ConfigureAwait(false));
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (!await condition().ConfigureAwait(false))
        {
            if (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested) throw new ToolException(ExitCode.Failure, $"Not within {Patience.TotalMinutes:0} minutes: {what}.");
            await Task.Delay(200, cancellationToken).ConfigureAwait(false);
        }
    }

    private static int Number(OptionReader options, string name, int fallback, int least) => options.Value(name) switch
    {
        null => fallback,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least => number,
        var text => throw ToolException.Usage($"dwcp bench rollback: --{name} is '{text}', but must be a whole number from {least} on. 'dwcp help' shows how it is called."),
    };

    private static void Say(string line) => Console.Out.WriteLine(line);
}
