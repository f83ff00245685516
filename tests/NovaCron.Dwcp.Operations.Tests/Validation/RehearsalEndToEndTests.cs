using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Tests.Support;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.PowerShell.Transfers;
using NovaCron.Dwcp.Rehearsal.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>The real thing on one machine: API server, node, guardian and redis as processes, data over TLS.</summary>
[Collection(RealTime.Name)]
public sealed class RehearsalEndToEndTests(ITestOutputHelper output)
{
    // As in runbooks/rehearsal-values.yaml: all pods share the machine with what loads them, and the autoscaler stays quiet.
    private static readonly StagingOptions Options = new() { ReadyTimeout = TimeSpan.FromMinutes(5), Values = new StagingValues { Node = new NodeValues { CpuRequest = "2" } } };

    // The machine's speed is a benchmark's business; that every check runs and judges is this test's.
    private static ValidationOptions Validation => new()
    {
        Profile = ValidationProfile.Rehearsal with
        {
            MinimumThroughput = 1, MaximumSlowPercent = 100, MaximumFlagDelay = TimeSpan.FromMinutes(1), MaximumRollback = TimeSpan.FromMinutes(5),
        },
        CheckTimeout = TimeSpan.FromMinutes(3),
        SiblingPatience = TimeSpan.FromMinutes(1),
        TransferProbe = new TransferProbe(),
    };

    [Fact]
    public async Task An_empty_rehearsal_cluster_is_staged_validated_approved_and_GO()
    {
        var token = TestContext.Current.CancellationToken;
        // A release is rehearsed with the very program that its image holds.
        var published = Environment.GetEnvironmentVariable("DWCP_TEST_NODE");
        var images = published is null ? new Dictionary<string, string>() : new Dictionary<string, string> { ["dwcpd"] = published };
        await using var cluster = await RehearsalCluster.StartAsync(new RehearsalOptions { CrashBackOff = TimeSpan.FromSeconds(1), Images = images }, token);
        using var connection = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath });
        var service = new StagingService(connection);
        var plan = await service.DeployAsync(Options with { WhatIf = true }, null, token);
        Assert.Contains(plan.Changed, c => c.Target == "Deployment staging/dwcp-v3");
        var staging = await service.DeployAsync(Options, new Print<StagingProgress>(p => output.WriteLine($"{p.Percent,3} % {p.Stage}: {p.Message}")), token);
        foreach (var stage in staging.Stages)
            output.WriteLine($"{stage.Stage,-15} {stage.Duration.TotalSeconds,6:0.00} s {stage.Outcome}: {stage.Message}");
        Assert.True(staging.IsReady);

        var second = await service.DeployAsync(Options, null, token);
        foreach (var change in second.Changed)
            output.WriteLine($"second run: {change}: {string.Join("; ", change.Fields)}");
        output.WriteLine($"second run: {second.Duration.TotalSeconds:0.00} s");
        Assert.Empty(second.Changed);

        await ReachPodsWithoutTheProxyAsync(cluster, connection, token);
        // With no more rights than the shipped Roles give: an operator validates, an approver approves, and neither can do the other's part.
        foreach (var (kind, role, user) in new[] { ("Role", "dwcp-viewer", "alice"), ("Role", "dwcp-operator", "alice"), ("ClusterRole", "dwcp-validator", "alice"), ("Role", "dwcp-viewer", "bob"), ("Role", "dwcp-approver", "bob") })
            await connection.CreateAsync(Binding(kind, role, user), kind == "Role" ? "staging" : null, token);
        using var alice = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath, Context = "alice@rehearsal" });
        using var bob = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath, Context = "bob@rehearsal" });
        var runner = new ValidationRunner(alice);
        var report = await runner.RunAsync(Validation, null, token);
        foreach (var check in report.Checks)
            output.WriteLine($"{check.Status,-8} {check.Id,-32} {check.Duration.TotalMilliseconds,6:0} ms {check.Detail}");
        output.WriteLine($"{report.DecisionText}: {report.Reason} in {report.Duration.TotalSeconds:0.0} s");
        Assert.Empty(report.Checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error).Select(c => $"{c.Id}: {c.Detail}"));
        Assert.Equal("alice", report.ValidatedBy);
        Assert.Contains("compared by reading", report.Checks.Single(c => c.Id == "infra-drift").Detail);
        foreach (var forgery in new JsonObject[] { new() { ["approvedBy"] = "bob", ["approvedReport"] = report.Id }, new() { ["decision"] = "GO", ["validatedBy"] = "bob" } })
        {
            var refused = await Assert.ThrowsAsync<DwcpClusterException>(() => alice.PatchAsync(
                ClusterResource.ConfigMap, "staging", "dwcp-v3-validation", new JsonObject { ["data"] = forgery }, cancellationToken: token));
            Assert.Equal(ClusterFailure.Forbidden, refused.Failure);
            Assert.Contains("must be the user who", refused.Message);
        }

        var approved = await new ValidationRunner(bob).ApproveAsync(report, "rehearsed", token);
        Assert.Equal(("GO", "bob"), (approved.DecisionText, approved.Approval!.ApprovedBy));
        var stolen = await Assert.ThrowsAsync<DwcpClusterException>(() => alice.PatchAsync(
            ClusterResource.ConfigMap, "staging", "dwcp-v3-validation", new JsonObject { ["data"] = new JsonObject { ["approvedImages"] = "sha256:" + new string('b', 64) } }, cancellationToken: token));
        Assert.Contains("nobody else changes an approval", stolen.Message);

        // What got its GO goes into production, byte for byte and at 0 %; applying it again changes nothing.
        var release = Options with { Namespace = "production", AllowProduction = true };
        var production = await service.DeployAsync(release, null, token);
        output.WriteLine($"production: {production.Duration.TotalSeconds:0.00} s, {production.Stages.Single(s => s.Stage == StagingStage.Image).Message}");
        Assert.True(production.IsReady);
        Assert.Equal(staging.Images.Select(i => (i.Component, i.Digest)), production.Images.Select(i => (i.Component, i.Digest)));
        Assert.EndsWith("v3 at 0 %", production.Stages[^1].Message);
        Assert.Empty((await service.DeployAsync(release, null, token)).Changed);
        await service.RemoveAsync("production", allowProduction: true, removeData: true, cancellationToken: token);

        // Real defects on the real thing: a variable added by hand, which no apply would take away, and a setting changed.
        await connection.PatchAsync(ClusterResource.NetworkPolicy, "staging", "dwcp-v3-redis", JsonNode.Parse("""{"spec":{"egress":[{"ports":[{"port":53,"protocol":"UDP"}]}]}}""")!.AsObject(),
            fieldManager: "kubectl-edit", cancellationToken: token);
        await connection.PatchAsync(ClusterResource.ConfigMap, "staging", "dwcp-v3-config",
            new JsonObject { ["data"] = new JsonObject { ["DWCP_MODE"] = "internet" } }, cancellationToken: token);
        var drifted = await runner.RunAsync(Validation, null, token);
        Assert.Equal(ValidationDecision.NoGo, drifted.Decision);
        Assert.Equal(CheckStatus.Fail, drifted.Checks.Single(c => c.Id == "flags-mode").Status);
        var drift = drifted.Checks.Single(c => c.Id == "infra-drift");
        Assert.Equal(CheckStatus.Fail, drift.Status);
        Assert.Contains(drift.Evidence, e => e.Contains("DWCP_MODE", StringComparison.Ordinal));
        Assert.Contains(drift.Evidence, e => e.Contains("was added by kubectl-edit", StringComparison.Ordinal));
    }

    private static JsonObject Binding(string kind, string role, string user) => JsonNode.Parse($$$"""
        {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"{{{kind}}}Binding","metadata":{"name":"{{{role}}}-{{{user}}}"},
         "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"{{{kind}}}","name":"{{{role}}}"},"subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"{{{user}}}"}]}
        """)!.AsObject();

    /// <summary>Alice may forward ports and not use the proxy, as behind a NetworkPolicy that keeps the API server out.</summary>
    private static async Task ReachPodsWithoutTheProxyAsync(RehearsalCluster cluster, ClusterConnection admin, CancellationToken token)
    {
        await admin.ApplyAsync(JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"forwards"},"rules":[{"apiGroups":[""],"resources":["pods/portforward"],"verbs":["get","create"]}]}
            """)!.AsObject(), "staging", cancellationToken: token);
        await admin.ApplyAsync(JsonNode.Parse("""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"forwards"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"forwards"},
             "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"Group","name":"operators"}]}
            """)!.AsObject(), "staging", cancellationToken: token);
        using var alice = ClusterConnection.Open(new ClusterConnectionOptions { KubeconfigPath = cluster.KubeconfigPath, Context = "alice@rehearsal" });
        foreach (var pod in await admin.ListAsync(ClusterResource.Pod, "staging", "app=dwcp-v3", cancellationToken: token))
        {
            var name = pod["metadata"]!["name"]!.ToString();
            var flags = await alice.GetFromPodAsync("staging", name, 8081, "/flags", timeout: TimeSpan.FromSeconds(30), cancellationToken: token);
            Assert.Contains("port-forward", flags.Target);
            Assert.Equal("0", flags.ReadJson()["effective"]!.ToString());
            Assert.Contains("dwcp_build_info", (await alice.GetFromPodAsync("staging", name, 9090, "/metrics", timeout: TimeSpan.FromSeconds(30), cancellationToken: token)).Text);
        }

        // Data as well: a transfer through a forward, for who stands outside of the cluster's network.
        var access = await ClientAccess.ReadAsync(admin, "staging", token);
        var node = (await admin.ListAsync(ClusterResource.Pod, "staging", "app=dwcp-v3", cancellationToken: token))[0]["metadata"]!["name"]!.ToString();
        PodForward? forward = null;
        var moved = await new TransferProbe().RunAsync(new TransferProbeRequest
        {
            // A port of this machine that nothing listens on.
            Address = "127.0.0.1:1", CertificateAuthority = access.CertificateAuthority, ApiKey = access.ApiKey, Bytes = 1 << 20,
            Detour = _ => Task.FromResult((forward = admin.Forward("staging", node, 7420)).EndPoint.ToString()),
        }, token);
        Assert.True(moved.Succeeded && moved.HashesEqual, $"{moved.Detail} {forward?.Problem}");
        Assert.Contains("by port-forward, because 127.0.0.1:1", moved.Detail);
        forward!.Dispose();

        // What neither way reaches is told by the proxy's reason.
        var missing = await Assert.ThrowsAsync<DwcpClusterException>(() => alice.GetFromPodAsync("staging", "nobody", 8081, "/flags", cancellationToken: token));
        Assert.Contains("nobody", missing.Target);
    }

    private sealed class Print<T>(Action<T> write) : IProgress<T>
    {
        public void Report(T value) => write(value);
    }
}
