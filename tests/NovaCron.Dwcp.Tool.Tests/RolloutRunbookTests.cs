using System.Security.Cryptography.X509Certificates;
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
    public async Task Phases_are_taken_again_harmlessly_and_after_an_emergency_rollback_they_refuse()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var cluster = await RehearsalCluster.StartAsync(RehearsalClusterOptions.Create(null), cancellationToken);
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath });
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
            Limits = new RolloutLimits { SlowMilliseconds = 5000, SlowerThanV1Percent = 1000, MissingMetrics = TimeSpan.FromMinutes(5) },
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
            Assert.Equal(0, (await traffic.StopAsync(cancellationToken)).Lost);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

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
            Target = new Uri($"dwcp://{access.DataAddress}/traffic"), ApiKey = access.ApiKey, TrustedCertificates = authorities, Seed = 20,
        });
        traffic.Start();
        return traffic;
    }
}
