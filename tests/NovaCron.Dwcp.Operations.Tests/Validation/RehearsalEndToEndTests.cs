using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.PowerShell.Transfers;
using NovaCron.Dwcp.Rehearsal.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>The real thing on one machine: API server, node, guardian and redis as processes, data over TLS.</summary>
public sealed class RehearsalEndToEndTests(ITestOutputHelper output)
{
    [Fact]
    public async Task An_empty_rehearsal_cluster_is_staged_validated_approved_and_GO()
    {
        var token = TestContext.Current.CancellationToken;
        await using var cluster = await RehearsalCluster.StartAsync(new RehearsalOptions { CrashBackOff = TimeSpan.FromSeconds(1) }, token);
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath });
        var service = new StagingService(connection);
        var plan = await service.DeployAsync(new StagingOptions { WhatIf = true }, null, token);
        Assert.Contains(plan.Changed, c => c.Target == "Deployment staging/dwcp-v3");
        var staging = await service.DeployAsync(new StagingOptions { ReadyTimeout = TimeSpan.FromMinutes(2) }, new Print<StagingProgress>(p => output.WriteLine($"{p.Percent,3} % {p.Stage}: {p.Message}")), token);
        foreach (var stage in staging.Stages)
            output.WriteLine($"{stage.Stage,-15} {stage.Duration.TotalSeconds,6:0.00} s {stage.Outcome}: {stage.Message}");
        Assert.True(staging.IsReady);

        var second = await service.DeployAsync(new StagingOptions(), null, token);
        foreach (var change in second.Changed)
            output.WriteLine($"second run: {change}: {string.Join("; ", change.Fields)}");
        output.WriteLine($"second run: {second.Duration.TotalSeconds:0.00} s");
        Assert.Empty(second.Changed);

        var runner = new ValidationRunner(connection);
        var report = await runner.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, TransferProbe = new TransferProbe() }, null, token);
        foreach (var check in report.Checks)
            output.WriteLine($"{check.Status,-8} {check.Id,-32} {check.Duration.TotalMilliseconds,6:0} ms {check.Detail}");
        output.WriteLine($"{report.DecisionText}: {report.Reason} in {report.Duration.TotalSeconds:0.0} s");
        Assert.Empty(report.Checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error).Select(c => $"{c.Id}: {c.Detail}"));
        var approved = await runner.ApproveAsync(report, "rehearsed");
        Assert.Equal("GO", approved.DecisionText);

        // A real defect on the real thing: a setting changed by hand.
        await connection.PatchAsync(ClusterResource.ConfigMap, "staging", "dwcp-v3-config",
            new System.Text.Json.Nodes.JsonObject { ["data"] = new System.Text.Json.Nodes.JsonObject { ["DWCP_MODE"] = "internet" } }, cancellationToken: token);
        var drifted = await runner.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, TransferProbe = new TransferProbe() }, null, token);
        Assert.Equal(ValidationDecision.NoGo, drifted.Decision);
        Assert.Equal(CheckStatus.Fail, drifted.Checks.Single(c => c.Id == "flags-mode").Status);
        Assert.Equal(CheckStatus.Fail, drifted.Checks.Single(c => c.Id == "infra-drift").Status);
    }

    private sealed class Print<T>(Action<T> write) : IProgress<T>
    {
        public void Report(T value) => write(value);
    }
}
