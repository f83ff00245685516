using System.Diagnostics;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Tests.Cluster;

/// <summary>What an operator does with kubectl, against pods that are processes.</summary>
public sealed class KubectlTests(ClusterFixture fixture) : IClassFixture<ClusterFixture>
{
    [Fact]
    public async Task An_operator_rolls_out_watches_reads_logs_and_deletes()
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "kubectl"))), "kubectl is not installed");
        var ns = await fixture.NamespaceAsync();
        var file = Path.Combine(fixture.Cluster.Directory, ns + ".json");
        JsonObject[] documents =
        [
            Workloads.Deployment(ns, "web", 2, Workloads.ReadyProbe, deployment: """{ "strategy": { "rollingUpdate": { "maxSurge": 1, "maxUnavailable": 0 } } }"""),
            Workloads.Service(ns, "web", Workloads.HttpPort),
            new()
            {
                ["apiVersion"] = "policy/v1",
                ["kind"] = "PodDisruptionBudget",
                ["metadata"] = new JsonObject { ["name"] = "web", ["namespace"] = ns },
                ["spec"] = JsonNode.Parse("""{ "maxUnavailable": 0, "selector": { "matchLabels": { "app": "web" } } }"""),
            },
        ];
        await File.WriteAllTextAsync(file, string.Join("\n", documents.Select(d => d.ToJsonString())));

        Assert.Contains("deployment.apps/web serverside-applied", await Kubectl("apply", "--server-side", "-f", file));
        Assert.Contains("successfully rolled out", await Kubectl("rollout", "status", "deployment/web", "--timeout=180s"));
        await Kubectl("wait", "--for=condition=Available", "deployment/web", "--timeout=30s");
        Assert.Matches(@"web\s+2/2\s+2\s+2", await Kubectl("get", "deployment", "web"));
        Assert.Matches(@"web-\S+\s+1/1\s+Running\s+0", await Kubectl("get", "pods"));
        Assert.Contains("serving", await Kubectl("logs", "deployment/web"));
        var description = await Kubectl("describe", "pods", "-l", "app=web");
        Assert.Contains("Started container main", description);
        Assert.Contains("Ready:          True", description);

        Assert.Contains("restarted", await Kubectl("rollout", "restart", "deployment/web"));
        Assert.Contains("successfully rolled out", await Kubectl("rollout", "status", "deployment/web", "--timeout=180s"));
        Assert.Contains("2         <none>", await Kubectl("rollout", "history", "deployment/web"));

        var node = fixture.Store.List(ResourceTypes.Nodes)[0].Name();
        // The budget allows no disruption: a drain is refused in words, and goes through when the budget is gone.
        Assert.Contains("would violate the pod's disruption budget", await Run(ns, 1, "drain", "--pod-selector", "app=web", "--timeout=20s", node));
        await Kubectl("uncordon", node);
        await Kubectl("delete", "pdb", "web");
        Assert.Contains("evicted", await Kubectl("drain", "--pod-selector", "app=web", "--timeout=90s", node));
        await Kubectl("uncordon", node);
        Assert.Contains("successfully rolled out", await Kubectl("rollout", "status", "deployment/web", "--timeout=180s"));

        Assert.Contains("deployment.apps \"web\" deleted", await Kubectl("delete", "deployment", "web", "--wait"));
        Assert.Contains("No resources found", await KubectlUntil(t => t.Contains("No resources found"), "get", "pods"));

        async Task<string> KubectlUntil(Func<string, bool> done, params string[] arguments)
        {
            for (var i = 0; ; i++)
            {
                var text = await Kubectl(arguments);
                if (done(text) || i == 50)
                {
                    return text;
                }
                await Task.Delay(200);
            }
        }

        Task<string> Kubectl(params object[] arguments) => Run(ns, arguments);
    }

    [Fact]
    public async Task A_crash_loop_reads_as_it_does_anywhere()
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "kubectl"))), "kubectl is not installed");
        var ns = await fixture.NamespaceAsync();
        fixture.Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "broken", """{ "args": ["crash", "3"] }"""));
        await fixture.Eventually(() => ClusterFixture.State(fixture.Pods(ns, "broken")[0]) == "CrashLoopBackOff", "CrashLoopBackOff");
        Assert.Matches(@"broken\s+0/1\s+CrashLoopBackOff\s+1 \(", await Run(ns, "get", "pod", "broken"));
        Assert.Equal("about to crash", (await Run(ns, "logs", "broken", "--previous")).Trim());
        Assert.Contains("Exit Code:    3", await Run(ns, "describe", "pod", "broken"));
    }

    [Theory]
    [InlineData("true")] // SPDY in a WebSocket, the way since kubectl 1.31
    [InlineData("false")] // SPDY after an upgrade, the way before
    public async Task A_port_of_a_pod_is_forwarded(string overWebSockets)
    {
        Assert.SkipUnless((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(p => File.Exists(Path.Combine(p, "kubectl"))), "kubectl is not installed");
        var ns = await fixture.NamespaceAsync();
        fixture.Store.Create(ResourceTypes.Pods, Workloads.Pod(ns, "forwarded", Workloads.ReadyProbe));
        await fixture.Eventually(() => fixture.ReadyPods(ns, "forwarded").Count == 1, "a ready pod");
        var start = new ProcessStartInfo("kubectl") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["port-forward", "pod/forwarded", ":8080", ":9", "--namespace", ns, "--kubeconfig", fixture.Cluster.KubeconfigPath])
        {
            start.ArgumentList.Add(argument);
        }
        start.Environment["KUBECTL_PORT_FORWARD_WEBSOCKETS"] = overWebSockets;
        using var kubectl = Process.Start(start)!;
        try
        {
            var (open, closed) = (await PortAsync("-> 8080"), await PortAsync("-> 9"));
            var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => fixture.Http.GetStringAsync($"http://127.0.0.1:{open}/name", TestContext.Current.CancellationToken)));
            Assert.All(answers, answer => Assert.Contains("forwarded", answer));
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => fixture.Http.GetStringAsync($"http://127.0.0.1:{closed}/", TestContext.Current.CancellationToken));
            Assert.Contains("error forwarding port 9 to pod", await LineAsync(kubectl.StandardError, "error forwarding"));
        }
        finally
        {
            kubectl.Kill();
            await kubectl.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        async Task<string> PortAsync(string mark)
        {
            while (true)
            {
                // "Forwarding from 127.0.0.1:40123 -> 8080", and once more for [::1] where that is to be had.
                var line = await LineAsync(kubectl.StandardOutput, mark);
                if (line.Contains("127.0.0.1:", StringComparison.Ordinal))
                {
                    return line.Split(':')[1].Split(' ')[0];
                }
            }
        }

        async Task<string> LineAsync(StreamReader reader, string mark)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            string? line;
            do
            {
                line = await reader.ReadLineAsync(limit.Token);
                Assert.True(line is not null, "kubectl ended");
            }
            while (!line.Contains(mark, StringComparison.Ordinal));
            return line;
        }
    }

    private async Task<string> Run(string ns, params object[] arguments)
    {
        var expected = arguments[0] is int code ? code : 0;
        var start = new ProcessStartInfo("kubectl") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments.OfType<string>().Concat(["--namespace", ns, "--kubeconfig", fixture.Cluster.KubeconfigPath]))
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        var text = await output + await error;
        Assert.True(process.ExitCode == expected, $"kubectl {string.Join(' ', arguments)} ended with {process.ExitCode}:\n{text}");
        return text;
    }
}
