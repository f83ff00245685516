using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Traffic;
using NovaCron.Dwcp.Tool.Rehearsal;

namespace NovaCron.Dwcp.Tool.Tests;

/// <summary>The shipped runbooks, run by <c>dwcp run</c> without anybody to answer a prompt, with shortened soaks.</summary>
public sealed class RolloutRunbookTests(ITestOutputHelper log)
{
    private const string Namespace = "staging";

    [Fact]
    public async Task Phases_are_taken_again_harmlessly_after_a_rollback_they_refuse_and_everybody_is_told()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var cluster = await RehearsalCluster.StartAsync(RehearsalClusterOptions.Create(null), cancellationToken);
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath });
        using var webhook = new Webhook();
        await connection.CreateAsync(Json($$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{Namespace}}}"} }"""), null, cancellationToken);
        await connection.CreateAsync(Json($$"""
            {"apiVersion":"v1","kind":"Secret","metadata":{"name":"dwcp-v3-notifications"},"stringData":{"webhook-address":"{{webhook.Address}}"} }
            """), Namespace, cancellationToken);
        await new StagingService(connection).DeployAsync(new StagingOptions
        {
            Namespace = Namespace,
            Values = new StagingValues { Node = new NodeValues { CpuRequest = "2" } },
        }, null, cancellationToken);
        await using var traffic = await StartTrafficAsync(connection, cancellationToken);
        var service = new RolloutService(connection, Namespace);
        // Validation and the second pair of eyes have tests of their own, and all processes of this machine share its cores: the limits are wide.
        await service.SetAsync(new RolloutRequest
        {
            Percent = 0, CheckInterval = TimeSpan.FromSeconds(1),
            Limits = new RolloutLimits { SlowMilliseconds = 5000, SlowerThanV1Percent = 1000, MissingMetrics = TimeSpan.FromMinutes(5), NotReadyChecks = 60, FailedHealthChecks = 60 },
            Approval = new RolloutApprovalPolicy { Required = false }, Validation = new RolloutValidationPolicy { Required = false },
        }, cancellationToken);

        var directory = Directory.CreateTempSubdirectory("dwcp-runbooks-").FullName;
        try
        {
            string[] common = ["-Kubeconfig", cluster.KubeconfigPath, "-Namespace", Namespace, "-OutputDirectory", directory];
            string[] shortened = [.. common, "-Soak", "00:00:02", "-MinimumRequests", "5", "-CheckInterval", "00:00:01", "-WatchFor", "00:02:00"];

            var (exitCode, output) = await RunAsync("Invoke-Phase1.ps1", shortened);
            Assert.True(exitCode == 0, output);
            Assert.Matches(@"Passed\s*:\s*True", output);
            Assert.Equal(10, (await service.ObserveAsync(cancellationToken))!.Percent);
            Assert.True(new FileInfo(Path.Combine(directory, "rollout-report.md")).Length > 100);

            (exitCode, output) = await RunAsync("Invoke-Phase2.ps1", shortened);
            Assert.True(exitCode == 0, output);
            Assert.Equal(50, (await service.ObserveAsync(cancellationToken))!.Percent);

            // From the start once more: passed, and nothing is lowered.
            (exitCode, output) = await RunAsync("Invoke-Phase1.ps1", shortened);
            Assert.True(exitCode == 0, output);
            Assert.Contains("asked for already", output);
            Assert.Equal(50, (await service.ObserveAsync(cancellationToken))!.Percent);

            (exitCode, output) = await RunAsync("Invoke-EmergencyRollback.ps1", ["-Reason", "A test of the runbook.", "-NoRestart", .. common]);
            Assert.True(exitCode == 0, output);
            Assert.NotEmpty(Directory.GetFiles(directory, "incident-report.md", SearchOption.AllDirectories));

            (exitCode, output) = await RunAsync("Invoke-Phase3.ps1", shortened);
            Assert.NotEqual(0, exitCode);
            Assert.Contains("is open", output);
            Assert.Equal(0, (await service.ObserveAsync(cancellationToken))!.Percent);

            var incident = (await service.ObserveAsync(cancellationToken))!.Lock!.Incident;
            await InterruptedAsync(service, directory, cluster.KubeconfigPath, incident, cancellationToken);
            Assert.NotEqual(incident, (await service.ObserveAsync(cancellationToken))!.Lock?.Incident ?? incident);

            // In order, each once: up to 50 %, down, acknowledged, up, down by the interruption.
            await WaitAsync(() => webhook.Reasons.Count(reason => reason == "RolledBack") >= 2, () => string.Join(", ", webhook.Reasons), cancellationToken);
            var reasons = webhook.Reasons.Where(reason => reason is "Raised" or "RolledBack" or "Acknowledged");
            Assert.Equal(["Raised", "Raised", "RolledBack", "Acknowledged", "Raised", "RolledBack"], reasons);
            Assert.Equal(0, (await traffic.StopAsync(cancellationToken)).Lost);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task V1_is_switched_off_and_removed_by_the_runbook_and_comes_back_with_a_rollback()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("the image without v1 is a shell script here: NOT tested on this system");
        var cancellationToken = TestContext.Current.CancellationToken;
        var directory = Directory.CreateTempSubdirectory("dwcp-deprecation-").FullName;
        try
        {
            // The image without v1: the same program, told to leave it out.
            var image = Path.Combine(directory, "dwcpd-v1-free");
            await File.WriteAllTextAsync(image, $"#!/bin/sh\nDWCP_PROTOCOLS=3 exec '{Repository.Node}' \"$@\"\n", cancellationToken);
            if (OperatingSystem.IsLinux()) File.SetUnixFileMode(image, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            var options = RehearsalClusterOptions.Create(null);
            await using var cluster = await RehearsalCluster.StartAsync(options with { Images = new Dictionary<string, string>(options.Images) { ["dwcpd:v1-free"] = image } }, cancellationToken);
            using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath });
            await new StagingService(connection).DeployAsync(new StagingOptions
            {
                Namespace = Namespace,
                Values = new StagingValues { Node = new NodeValues { CpuRequest = "2" } },
            }, null, cancellationToken);
            await using var traffic = await StartTrafficAsync(connection, cancellationToken);
            var service = new RolloutService(connection, Namespace);
            await service.SetAsync(new RolloutRequest
            {
                Percent = 100, CheckInterval = TimeSpan.FromSeconds(1),
                Phases = [new() { Name = "phase-1", Percent = 100, Soak = TimeSpan.FromSeconds(1), MinimumRequests = 1 }],
                Limits = new RolloutLimits { SlowMilliseconds = 5000, SlowerThanV1Percent = 1000, NotReadyChecks = 60, FailedHealthChecks = 60 },
                Approval = new RolloutApprovalPolicy { Required = false }, Validation = new RolloutValidationPolicy { Required = false },
            }, cancellationToken);
            RolloutObservation? last = null;
            await WaitAsync(() => (last = service.ObserveAsync(cancellationToken).GetAwaiter().GetResult()) is { State: RolloutState.Completed, Percent: 100 },
                () => $"{last?.State}: {last?.Message}", cancellationToken);
            string[] common = ["-Kubeconfig", cluster.KubeconfigPath, "-Namespace", Namespace, "-OutputDirectory", directory];

            var (exitCode, output) = await RunAsync("Invoke-Deprecation.ps1", [.. common, "-Image", "dwcpd:v1-free"]);
            Assert.NotEqual(0, exitCode);
            Assert.Contains("v1 is still on", output);
            (exitCode, output) = await RunAsync("Invoke-Deprecation.ps1", [.. common, "-Window", "00:00:03", "-WatchFor", "00:01:30"]);
            Assert.True(exitCode == 0, output);
            Assert.Matches(@"Passed\s*:\s*True", output);
            (exitCode, output) = await RunAsync("Invoke-Deprecation.ps1", [.. common, "-Image", "dwcpd:v1-free", "-DisabledFor", "00:00:01"]);
            Assert.True(exitCode == 0, output);
            Assert.Matches(@"Passed\s*:\s*True", output);
            Assert.Equal(["absent"], await VersionsAsync(connection, cancellationToken));

            (exitCode, output) = await RunAsync("Invoke-EmergencyRollback.ps1", ["-Reason", "A test of the way back.", .. common]);
            Assert.True(exitCode == 0, output);
            Assert.Equal(["enabled"], await VersionsAsync(connection, cancellationToken));
            await WaitAsync(() => (last = service.ObserveAsync(cancellationToken).GetAwaiter().GetResult()) is { State: RolloutState.RolledBack, Percent: 0 },
                () => $"{last?.State}: {last?.Message}", cancellationToken);
            var end = await traffic.StopAsync(cancellationToken);
            Assert.True(end.V1.Acknowledged > 0 && end.V3.Acknowledged > 0);
            Assert.True(end.Lost == 0, string.Join("\n", end.RecentFailures.Select(failure => failure.Error)));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>What the ready nodes say of v1 themselves.</summary>
    private static async Task<IReadOnlyList<string>> VersionsAsync(ClusterConnection connection, CancellationToken cancellationToken)
    {
        var view = new KubernetesRolloutCluster(connection, Namespace);
        var said = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var pod in (await view.ListPodsAsync(cancellationToken)).Where(pod => pod is { Ready: true, Terminating: false }))
            said.Add(Json((await view.GetFromPodAsync(pod, RolloutNames.DiagnosticsPort, "/flags", cancellationToken)).Body)["v1"]!.ToString());
        return [.. said];
    }

    /// <summary>Ctrl+C during a watch with -RollbackOnInterrupt.</summary>
    private async Task InterruptedAsync(RolloutService service, string directory, string kubeconfig, string incident, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux()) return;
        var script = Path.Combine(directory, "operator.ps1");
        await File.WriteAllTextAsync(script,
            $"Set-DwcpRollout 10 -Kubeconfig '{kubeconfig}' -Namespace {Namespace} -AcknowledgeIncident {incident} -RollbackOnInterrupt -WatchFor 01:00:00 -Confirm:$false " +
            "-Plan @{ Name = 'phase-1'; Percent = 10; Soak = '01:00:00'; MinimumRequests = 1000 }", cancellationToken);
        using var process = ToolProcess.Start("run", script);
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        RolloutObservation? last = null;
        await WaitAsync(() => (last = service.ObserveAsync(cancellationToken).GetAwaiter().GetResult()) is { Percent: 10 }, () => $"{last?.State}: {last?.Message}", cancellationToken);
        Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).WaitForExit();
        try
        {
            await process.WaitForExitAsync(cancellationToken).WaitAsync(TimeSpan.FromMinutes(3), cancellationToken); // a parent that ignores SIGINT passes that on
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }

        log.WriteLine(await output + await error);
        await WaitAsync(() => (last = service.ObserveAsync(cancellationToken).GetAwaiter().GetResult()) is { State: RolloutState.RolledBack, Percent: 0 },
            () => $"{last?.State}: {last?.Message}", cancellationToken);
    }

    private static async Task WaitAsync(Func<bool> condition, Func<string> state, CancellationToken cancellationToken)
    {
        for (var watch = Stopwatch.StartNew(); !condition();)
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(90), $"Not within 90 s: {state()}");
            await Task.Delay(200, cancellationToken);
        }
    }

    private static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    private async Task<(int ExitCode, string Output)> RunAsync(string runbook, IReadOnlyList<string> arguments)
    {
        var (exitCode, output, error) = await ToolProcess.RunAsync(["run", Path.Combine(ToolProcess.Root, "runbooks", runbook), .. arguments]);
        log.WriteLine($"{runbook}: exit code {exitCode}\n{output}{error}");
        return (exitCode, output + error);
    }

    private static async Task<TrafficGenerator> StartTrafficAsync(ClusterConnection connection, CancellationToken cancellationToken)
    {
        var access = await ClientAccess.ReadAsync(connection, Namespace, cancellationToken);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(access.CertificateAuthority);
        var traffic = new TrafficGenerator(new TrafficOptions
        {
            Target = new Uri($"dwcp://{access.DataAddress}/traffic"), ApiKey = access.ApiKey, TrustedCertificates = authorities, Seed = 20, LostAfter = TimeSpan.FromMinutes(1),
        });
        traffic.Start();
        return traffic;
    }

    /// <summary>A receiver of notifications: answers 200 to whatever is posted, and keeps the reasons.</summary>
    private sealed class Webhook : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly List<string> _reasons = [];
        private readonly HashSet<string> _ids = [];

        public Webhook()
        {
            _listener.Start();
            _ = AcceptAsync();
        }

        public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/hook";

        public IReadOnlyList<string> Reasons
        {
            get
            {
                lock (_reasons) return [.. _reasons];
            }
        }

        public void Dispose() => _listener.Dispose();

        private async Task AcceptAsync()
        {
            while (true)
            {
                TcpClient client;
                try
                {
                    client = await _listener.AcceptTcpClientAsync();
                }
                catch (Exception e) when (e is SocketException or ObjectDisposedException)
                {
                    return;
                }
                _ = AnswerAsync(client);
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using (client)
            {
                var reader = new StreamReader(client.GetStream(), Encoding.ASCII);
                while (await reader.ReadLineAsync() is { Length: > 0 })
                {
                    var length = 0;
                    while (await reader.ReadLineAsync() is { Length: > 0 } header)
                        if (header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) length = int.Parse(header[15..], System.Globalization.CultureInfo.InvariantCulture);
                    var body = new char[length];
                    await reader.ReadBlockAsync(body);
                    // One may come twice, with the same id: that is how a receiver tells.
                    var message = Json(new string(body));
                    lock (_reasons)
                        if (_ids.Add(message["id"]!.ToString())) _reasons.Add(message["reason"]!.ToString());
                    await client.GetStream().WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
                }
            }
        }
    }
}
