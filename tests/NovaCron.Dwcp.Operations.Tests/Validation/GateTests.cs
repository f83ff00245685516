using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Gates;
using NovaCron.Dwcp.Operations.Validation.Readiness;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class GateTests
{
    [Theory]
    [InlineData(DwcpGate.Staging)]
    [InlineData(DwcpGate.Rollout)]
    [InlineData(DwcpGate.Transfer)]
    public async Task A_gate_has_one_result_for_each_assertion_and_is_open_when_all_is_well(DwcpGate gate)
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        foreach (var owner in Enum.GetValues<ReadinessOwner>())
            await new ReadinessService(rig.Connection, "staging").AttestAsync(owner, "fine");
        var report = await RunAsync(rig, gate);
        Assert.Equal(GateService.Assertions(gate).Select(a => a.Id), report.Results.Select(r => r.Id));
        Assert.Empty(report.Results.Where(r => r.Status is CheckStatus.Fail or CheckStatus.Error).Select(r => $"{r.Id}: {r.Message}"));
        Assert.Equal((true, 0), (report.IsOpen, report.ExitCode));
    }

    [Fact]
    public async Task The_rollout_gate_is_shut_until_every_owner_has_attested()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var service = new ReadinessService(rig.Connection, "staging");
        await service.AttestAsync(ReadinessOwner.Tech, "fine");
        var report = await RunAsync(rig, DwcpGate.Rollout);
        Assert.Equal(3, report.ExitCode);
        Assert.Equal(["readiness-devops", "readiness-security", "readiness-product"], report.Results.Where(r => r.Status == CheckStatus.Fail).Select(r => r.Id));
    }

    [Fact]
    public async Task A_node_that_is_not_where_the_rollout_says_shuts_the_rollout_gate()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Nodes.Break = (pod, _, call) =>
        {
            if (!pod.EndsWith('1') || call != "GET /flags")
                return null;
            var flags = rig.Nodes.Flags();
            flags["effective"] = 50;
            return (200, flags.ToJsonString());
        };
        var agree = (await RunAsync(rig, DwcpGate.Rollout)).Results.Single(r => r.Id == "flags-agree");
        Assert.Equal((CheckStatus.Fail, "expected 0 % on every node, but pod dwcp-v3-pod-1 is at 50 %"), (agree.Status, agree.Message));
    }

    [Fact]
    public async Task A_rollout_without_counted_requests_shuts_its_gate()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Config("FEATURE_FLAG_V3_ROLLOUT", "10");
        rig.Config("FEATURE_FLAG_V3_CEILING", "10");
        rig.Nodes.Effective = 10;
        rig.Server.Put("apis/dwcp.novacron.io/v1/namespaces/staging/dwcprollouts/dwcp-v3", (JsonObject)JsonNode.Parse("""
            {"apiVersion":"dwcp.novacron.io/v1","kind":"DwcpRollout","metadata":{"name":"dwcp-v3","namespace":"staging"},"spec":{"targetPercent":10,"release":"3.0.0","requestedBy":"alice"},
             "status":{"state":"Idle","percent":10}}
            """)!);
        var report = await RunAsync(rig, DwcpGate.Rollout);
        Assert.Equal(CheckStatus.Pass, report.Results.Single(r => r.Id == "flags-agree").Status);
        Assert.Equal(CheckStatus.Error, report.Results.Single(r => r.Id == "phase-1-errors").Status);
        Assert.False(report.IsOpen);
    }

    [Theory]
    [InlineData(DwcpGate.Staging)]
    [InlineData(DwcpGate.Rollout)]
    [InlineData(DwcpGate.Transfer)]
    public async Task Without_an_API_server_no_gate_opens_and_nothing_is_said_to_have_failed(DwcpGate gate)
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Server.Intercept = (_, _) => throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused");
        var report = await RunAsync(rig, gate);
        Assert.Equal((false, 4), (report.IsOpen, report.ExitCode));
        // Terraform is no matter of the API server, and was not asked for.
        Assert.All(report.Results, r => Assert.Equal(r.Id == "infra-terraform" ? CheckStatus.Skipped : CheckStatus.Error, r.Status));
    }

    private static Task<DwcpGateReport> RunAsync(ValidationRig rig, DwcpGate gate) => new GateService(rig.Connection).RunAsync(
        gate, rig.Shape(new ValidationOptions { Profile = ValidationProfile.Rehearsal }));
}
