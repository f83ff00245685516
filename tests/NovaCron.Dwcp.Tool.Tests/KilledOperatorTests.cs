using System.Security.Cryptography.X509Certificates;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Rehearsal.Cluster;
using NovaCron.Dwcp.Rehearsal.Faults;
using NovaCron.Dwcp.Rehearsal.Traffic;
using NovaCron.Dwcp.Tool.Rehearsal;

namespace NovaCron.Dwcp.Tool.Tests;

public sealed class KilledOperatorTests(ITestOutputHelper log)
{
    private const string Namespace = "staging";

    [Fact]
    public async Task Killing_the_operators_process_during_the_fault_changes_nothing_the_guardian_rolls_back()
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

        var directory = Directory.CreateTempSubdirectory("dwcp-killed-").FullName;
        var script = Path.Combine(directory, "operator.ps1");
        await File.WriteAllTextAsync(script,
            $"Set-DwcpRollout 10 -Kubeconfig '{cluster.KubeconfigPath}' -Namespace {Namespace} -CheckInterval 00:00:01 -Confirm:$false -WatchFor 01:00:00 " +
            "-Plan @{ Name = 'phase-1'; Percent = 10; Soak = '01:00:00'; MinimumRequests = 1000 }", cancellationToken);
        using var operatorProcess = ToolProcess.Start("run", script);
        _ = operatorProcess.StandardOutput.ReadToEndAsync(cancellationToken);
        _ = operatorProcess.StandardError.ReadToEndAsync(cancellationToken);
        await WaitAsync(service, observation => observation is not null, cancellationToken);
        // Validation and the second pair of eyes are the rehearsal's affair; here it is the operator's process that matters.
        await service.SetAsync(new RolloutRequest
        {
            Percent = 10,
            // All processes share this machine's cores: only the fault that is injected may decide.
            Limits = new RolloutLimits { SlowMilliseconds = 5000, SlowerThanV1Percent = 1000, NotReadyChecks = 60, FailedHealthChecks = 60 },
            Approval = new RolloutApprovalPolicy { Required = false },
            Validation = new RolloutValidationPolicy { Required = false },
        }, cancellationToken);
        await WaitAsync(service, observation => observation is { State: RolloutState.Soaking, V3.Requests: > 20 }, cancellationToken);

        var began = DateTimeOffset.UtcNow;
        await cluster.Faults.SetProtocolFaultAsync("v3", new ProtocolFault(0.5, TimeSpan.Zero), cancellationToken);
        Assert.False(operatorProcess.HasExited, "The operator's process ended before it was killed.");
        operatorProcess.Kill();
        await operatorProcess.WaitForExitAsync(cancellationToken);

        var rolledBack = await WaitAsync(service, observation => observation is { State: RolloutState.RollingBack or RolloutState.RolledBack, Percent: 0 }, cancellationToken);
        log.WriteLine($"{(DateTimeOffset.UtcNow - began).TotalSeconds:0.0} s after fault and kill: {rolledBack.State}, {rolledBack.Message}");
        await cluster.Faults.ClearAsync(cancellationToken);
        var counts = await traffic.StopAsync(cancellationToken);
        Assert.Equal(0, counts.Lost);
        Directory.Delete(directory, recursive: true);
    }

    private static async Task<TrafficGenerator> StartTrafficAsync(ClusterConnection connection, CancellationToken cancellationToken)
    {
        var access = await ClientAccess.ReadAsync(connection, Namespace, cancellationToken);
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPem(access.CertificateAuthority);
        var traffic = new TrafficGenerator(new TrafficOptions
        {
            Target = new Uri($"dwcp://{access.DataAddress}/traffic"),
            ApiKey = access.ApiKey,
            TrustedCertificates = authorities,
            Seed = 20,
            LostAfter = TimeSpan.FromMinutes(1),
        });
        traffic.Start();
        return traffic;
    }

    private static async Task<RolloutObservation> WaitAsync(RolloutService service, Func<RolloutObservation?, bool> condition, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(90));
        RolloutObservation? last = null;
        try
        {
            while (true)
            {
                last = await service.ObserveAsync(limit.Token);
                if (condition(last))
                    return last!;
                await Task.Delay(200, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Not within 90 s; the rollout is {last?.State} at {last?.Percent} %: {last?.Message}");
        }
    }
}
