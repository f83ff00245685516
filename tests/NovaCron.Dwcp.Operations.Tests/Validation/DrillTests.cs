using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Checks;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class DrillTests
{
    private const string Configuration = $"{ValidationRig.Space}/configmaps/dwcp-v3-config";
    private const string Lease = "apis/coordination.k8s.io/v1/namespaces/staging/leases/dwcp-v3-drill";

    [Fact]
    public async Task A_drill_comes_last_and_leaves_nothing_behind()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var before = rig.Server.Get(Configuration).DeepClone();
        var report = await rig.RunAsync();
        Assert.Equal(CheckStatus.Pass, report.Checks.Single(c => c.Id == "flags-propagation").Status);
        AssertRestored(rig, before);
        var patches = rig.Server.Requests.Where(r => r.StartsWith("PATCH", StringComparison.Ordinal) && r.Contains("configmaps/dwcp-v3-config", StringComparison.Ordinal) && !r.Contains("dryRun", StringComparison.Ordinal)).ToList();
        Assert.Equal(4, patches.Count);
        var last = rig.Server.Requests.FindLastIndex(r => r.Contains("/diagnostics/", StringComparison.Ordinal));
        Assert.True(rig.Server.Requests.IndexOf(patches[0]) > last, "a drill began before another check ended");
    }

    [Fact]
    public async Task Ctrl_C_in_the_middle_puts_everything_back()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var before = rig.Server.Get(Configuration).DeepClone();
        using var cancel = new CancellationTokenSource();
        rig.Nodes.Break = (_, _, call) =>
        {
            if (call == "GET /flags" && rig.Server.Get(Configuration)["metadata"]!["annotations"]?[FlagPropagationCheck.Mark] is not null)
                cancel.Cancel();
            return null;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.RunAsync(token: cancel.Token));
        // The runner has let go; the drill itself still puts back.
        for (var i = 0; i < 600 && rig.Server.Get(Lease)["spec"]!["holderIdentity"]!.ToString().Length > 0; i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        AssertRestored(rig, before);
    }

    [Fact]
    public async Task A_test_alert_is_marked_as_a_drill_and_ends_after_Ctrl_C()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        using var cancel = new CancellationTokenSource();
        rig.Nodes.Monitoring.Delivers = null;
        rig.Nodes.Monitoring.Break = (_, call, _) =>
        {
            if (call.StartsWith("GET /api/v2/alerts", StringComparison.Ordinal))
                cancel.Cancel();
            return null;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.RunAsync(token: cancel.Token));
        for (var i = 0; i < 600 && rig.Nodes.Monitoring.Told.Count < 2; i++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        var told = rig.Nodes.Monitoring.Told;
        Assert.All(told, a => Assert.Equal("true", a["labels"]!["drill"]!.ToString()));
        Assert.Equal(told[0]["labels"]!.ToJsonString(), told[1]["labels"]!.ToJsonString());
        Assert.True(DateTimeOffset.Parse(told[1]["endsAt"]!.ToString(), System.Globalization.CultureInfo.InvariantCulture) <= DateTimeOffset.UtcNow);
    }

    private static void AssertRestored(ValidationRig rig, System.Text.Json.Nodes.JsonNode before)
    {
        var after = rig.Server.Get(Configuration);
        Assert.Null(after["metadata"]!["annotations"]?[FlagPropagationCheck.Mark]);
        Assert.True(System.Text.Json.Nodes.JsonNode.DeepEquals(before["data"], after["data"]));
        Assert.Equal("", rig.Server.Get(Lease)["spec"]!["holderIdentity"]!.ToString());
    }
}
