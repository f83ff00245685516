using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Tool.Rehearsal;

namespace NovaCron.Dwcp.Tool.Bench;

/// <summary>
/// <c>dwcp bench guardian</c>: the real <c>dwcpd guard</c> process against a rehearsal's API server, with so many node pods that answer with a real node's page
/// whose counters grow. Pods are objects with one address; everything that the guardian does for each of them it does in full.
/// </summary>
internal static class GuardianBench
{
    private const string Namespace = "staging";

    private const string StubAddress = "127.99.99.99";

    private static readonly TimeSpan Warm = TimeSpan.FromSeconds(45);

    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var options = new OptionReader("dwcp bench guardian", arguments, ["pods", "seconds", "interval", "node"], []);
        options.ExpectOperands();
        var (pods, seconds, interval) = (Number(options, "pods", 1000, 3), Number(options, "seconds", 120, 30), Number(options, "interval", 30, 1));
        var node = options.Value("node") is { } path ? Path.GetFullPath(path) : Repository.Node;
        var cluster = await RehearsalCluster.StartAsync(RehearsalClusterOptions.Create(null, node), cancellationToken).ConfigureAwait(false);
        await using var clusterScope = cluster.ConfigureAwait(false);
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath });
        await new StagingService(connection).DeployAsync(new StagingOptions
        {
            Namespace = Namespace, Values = new StagingValues { Node = new NodeValues { MinimumReplicas = 2, MaximumReplicas = 2 }, Guardian = new GuardianValues { Replicas = 1 } },
        }, null, cancellationToken).ConfigureAwait(false);
        var view = new KubernetesRolloutCluster(connection, Namespace);
        var real = (await view.ListPodsAsync(cancellationToken).ConfigureAwait(false))[0];
        var page = (await view.GetFromPodAsync(real, RolloutNames.MetricsPort, "/metrics", cancellationToken).ConfigureAwait(false)).Body;
        using var stub = new StubNodes(page);
        for (var number = 2; number < pods; number++) await AddPodAsync(connection, number, cancellationToken).ConfigureAwait(false);

        await new RolloutService(connection, Namespace).SetAsync(new RolloutRequest
        {
            Percent = 10, CheckInterval = TimeSpan.FromSeconds(interval),
            Limits = new RolloutLimits { SlowMilliseconds = 10_000, SlowerThanV1Percent = 1000, NotReadyChecks = 100, FailedHealthChecks = 100 },
            Approval = new RolloutApprovalPolicy { Required = false }, Validation = new RolloutValidationPolicy { Required = false },
        }, cancellationToken).ConfigureAwait(false);
        var guard = FindGuard(node);
        await Task.Delay(Warm, cancellationToken).ConfigureAwait(false);
        var (cpu, asked, watch) = (guard.TotalProcessorTime, stub.Requests, Stopwatch.StartNew());
        await Task.Delay(TimeSpan.FromSeconds(seconds), cancellationToken).ConfigureAwait(false);
        guard.Refresh();
        var share = (guard.TotalProcessorTime - cpu).TotalSeconds / watch.Elapsed.TotalSeconds;
        var status = (await view.ReadRolloutAsync(cancellationToken).ConfigureAwait(false))!.Status!;
        Say(string.Create(CultureInfo.InvariantCulture, $"{pods} node pods, pages of {page.Length / 1024} KB, a check every {interval} s, {watch.Elapsed.TotalSeconds:0} s measured after {Warm.TotalSeconds:0} s"));
        Say(string.Create(CultureInfo.InvariantCulture, $"guardian: {share:0.000} cores, {guard.WorkingSet64 / 1e6:0} MB resident, {PeakMegabytes(guard):0} MB at most"));
        Say(string.Create(CultureInfo.InvariantCulture, $"questions to the stub pods: {(stub.Requests - asked) / watch.Elapsed.TotalSeconds:0.0} a second"));
        Say($"the rollout meanwhile: {status.State}, {status.Pods.Count} pods in the status: {status.Message}");
        return ExitCode.Success;
    }

    /// <summary>A pod of another machine, which no kubelet of the rehearsal starts.</summary>
    private static async Task AddPodAsync(ClusterConnection connection, int number, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"dwcp-v3-virtual-{number}");
        var pod = JsonNode.Parse($$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}","labels":{"app":"dwcp-v3","app.kubernetes.io/name":"dwcp-v3"} },
             "spec":{"nodeName":"virtual","securityContext":{"runAsNonRoot":true,"runAsUser":65532,"seccompProfile":{"type":"RuntimeDefault"} },
               "containers":[{"name":"node","image":"dwcpd:3.0.0","args":["serve"],"securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]} } }]} }
            """)!.AsObject();
        await connection.CreateAsync(pod, Namespace, cancellationToken).ConfigureAwait(false);
        await connection.PatchAsync(ClusterResource.Pod, Namespace, name, JsonNode.Parse($$"""
            {"status":{"phase":"Running","podIP":"{{StubAddress}}","conditions":[{"type":"Ready","status":"True"}],
              "containerStatuses":[{"name":"node","ready":true,"restartCount":0,"image":"dwcpd:3.0.0","imageID":"dwcpd@sha256:0","state":{"running":{} } }]} }
            """)!.AsObject(), "status", null, cancellationToken).ConfigureAwait(false);
    }

    private static Process FindGuard(string node) => Process.GetProcesses().Single(process =>
    {
        var file = $"/proc/{process.Id}/cmdline";
        var arguments = File.Exists(file) ? File.ReadAllText(file).Split('\0') : [];
        return arguments.Contains("guard") && arguments.Any(argument => argument == node);
    });

    private static double PeakMegabytes(Process process) =>
        double.Parse(File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))[6..^2], CultureInfo.InvariantCulture) / 1000;

    private static int Number(OptionReader options, string name, int fallback, int least) => options.Value(name) switch
    {
        null => fallback,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least => number,
        var text => throw ToolException.Usage($"dwcp bench guardian: --{name} is '{text}', but must be a whole number from {least} on. 'dwcp help' shows how it is called."),
    };

    private static void Say(string line) => Console.Out.WriteLine(line);

    /// <summary>What every virtual pod answers, on the three ports of a node.</summary>
    private sealed class StubNodes : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly string _page;
        private long _requests;

        public StubNodes(string page)
        {
            _page = page;
            foreach (var port in new[] { RolloutNames.HttpPort, RolloutNames.DiagnosticsPort, RolloutNames.MetricsPort })
                _listener.Prefixes.Add(string.Create(CultureInfo.InvariantCulture, $"http://{StubAddress}:{port}/"));
            _listener.Start();
            _ = AnswerAsync();
        }

        public long Requests => Interlocked.Read(ref _requests);

        public void Dispose() => _listener.Close();

        private async Task AnswerAsync()
        {
            while (_listener.IsListening)
            {
                HttpListenerContext context;
                try
                {
                    context = await _listener.GetContextAsync().ConfigureAwait(false);
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
                var number = Interlocked.Increment(ref _requests);
                var body = Encoding.UTF8.GetBytes(context.Request.Url!.AbsolutePath switch
                {
                    "/flags" => """{"flag":10,"ceiling":10,"effective":10,"revision":"9000000000000000000","v1":"enabled","sessions":{"v1":{"started":0,"active":0},"v3":{"started":0,"active":0}}}""",
                    "/metrics" => Grow(number),
                    _ => "{}",
                });
                context.Response.ContentLength64 = body.Length;
                try
                {
                    await context.Response.OutputStream.WriteAsync(body).ConfigureAwait(false);
                    context.Response.Close();
                }
                catch (HttpListenerException)
                {
                    // The guardian gave this one up.
                    context.Response.Abort();
                }
            }
        }

        /// <summary>The page with more good requests of both versions than the last one had, so that every pod contributes to every check.</summary>
        private string Grow(long more) => string.Join('\n', _page.Split('\n').Select(line =>
            line.StartsWith("dwcp_requests_total{", StringComparison.Ordinal) && line.Contains("outcome=\"ok\"", StringComparison.Ordinal)
            || line.StartsWith("dwcp_request_duration_seconds_bucket{", StringComparison.Ordinal)
                ? line[..(line.LastIndexOf(' ') + 1)] + more.ToString(CultureInfo.InvariantCulture)
                : line.StartsWith("dwcp_flag_revision ", StringComparison.Ordinal) ? "dwcp_flag_revision 9e18" : line));
    }
}
