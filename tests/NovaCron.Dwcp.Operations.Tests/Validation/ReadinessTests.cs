using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Readiness;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class ReadinessTests
{
    private const string Rollouts = "apis/dwcp.novacron.io/v1/namespaces/staging/dwcprollouts/dwcp-v3";

    [Fact]
    public async Task A_GO_meets_everything_before_the_rollout_but_the_attestations()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var service = new ReadinessService(rig.Connection, "staging");
        var criteria = await service.ReadAsync(await rig.RunAsync());
        Assert.Equal(["readiness-devops", "readiness-product", "readiness-security", "readiness-tech"],
            criteria.Where(c => c.Stage < ReadinessStage.SuccessPhase1 && c.Status != ReadinessStatus.Met).Select(c => c.Id).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(criteria, c => c.Stage >= ReadinessStage.SuccessPhase1 && c.Status == ReadinessStatus.Met);
        Assert.All(criteria, c => Assert.NotEmpty(c.Evidence));
        Assert.Equal(Enum.GetValues<ReadinessStage>(), criteria.Select(c => c.Stage).Distinct());
        Assert.Equal(criteria.Count, criteria.Select(c => c.Id).Distinct().Count());
    }

    [Fact]
    public async Task An_attestation_has_an_author_and_counts_for_its_release_only()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Server.User = "sam";
        var service = new ReadinessService(rig.Connection, "staging");
        await Assert.ThrowsAsync<DwcpValidationException>(() => service.AttestAsync(ReadinessOwner.Security, " "));
        var attested = await service.AttestAsync(ReadinessOwner.Security, "scan reviewed");
        Assert.Equal(ReadinessStatus.Met, attested.Status);
        Assert.Contains("sam", attested.Evidence);
        Assert.Equal(ReadinessStatus.Met, Find(await service.ReadAsync(), "readiness-security").Status);
        rig.Server.Change("api/v1/namespaces/staging/configmaps/dwcp-v3-staging-record", m =>
            m["data"]!["record.json"] = m["data"]!["record.json"]!.ToString().Replace("\"release\": \"3.0.0\"", "\"release\": \"3.0.1\"", StringComparison.Ordinal));
        Assert.Equal(ReadinessStatus.Unknown, Find(await service.ReadAsync(), "readiness-security").Status);
    }

    [Fact]
    public async Task Without_a_report_or_with_that_of_another_image_nothing_that_checks_show_is_met()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var report = await rig.RunAsync();
        var service = new ReadinessService(rig.Connection, "staging");
        rig.Pod(p => p["status"]!["containerStatuses"]![0]!["imageID"] = "x@sha256:" + new string('b', 64));
        foreach (var criteria in new[] { await service.ReadAsync(), await service.ReadAsync(report) })
        {
            Assert.All(criteria.Where(c => c.Id is "workloads" or "secrets" or "category-security" or "transfers"), c => Assert.Equal(ReadinessStatus.Unknown, c.Status));
            Assert.Equal(ReadinessStatus.NotMet, Find(criteria, "decision").Status);
        }

        await Assert.ThrowsAsync<DwcpValidationException>(() => new ReadinessService(rig.Connection, "production").ReadAsync(report));
    }

    [Fact]
    public async Task A_failed_check_is_not_met_and_an_error_is_unknown()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Config("DWCP_MODE", "internet");
        rig.Pod(p => ((JsonObject)p["status"]!["containerStatuses"]![0]!).Remove("restartCount"));
        var criteria = await new ReadinessService(rig.Connection, "staging").ReadAsync(await rig.RunAsync());
        Assert.Equal((ReadinessStatus.NotMet, ReadinessStatus.Unknown), (Find(criteria, "configuration").Status, Find(criteria, "workloads").Status));
        Assert.Equal(ReadinessStatus.NotMet, Find(criteria, "decision").Status);
    }

    [Theory]
    [InlineData("Soaking", 10, 100, 0, ReadinessStatus.Unknown, ReadinessStatus.Unknown)]
    [InlineData("Soaking", 50, 100, 0, ReadinessStatus.Met, ReadinessStatus.Unknown)]
    [InlineData("Completed", 100, 100, 0, ReadinessStatus.Met, ReadinessStatus.Met)]
    [InlineData("RolledBack", 0, 100, 50, ReadinessStatus.NotMet, ReadinessStatus.NotMet)]
    public async Task The_rollouts_history_decides_about_its_success(string state, int percent, int requests, int errors, ReadinessStatus first, ReadinessStatus final)
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Server.Put(Rollouts, (JsonObject)JsonNode.Parse($$$"""
            {"apiVersion":"dwcp.novacron.io/v1","kind":"DwcpRollout","metadata":{"name":"dwcp-v3","namespace":"staging"},"spec":{"targetPercent":100,"release":"3.0.0","requestedBy":"alice"},
             "status":{"state":"{{{state}}}","percent":{{{percent}}},"v3":{"requests":{{{requests}}},"errors":{{{errors}}},"slow":0} } }
            """)!);
        var criteria = await new ReadinessService(rig.Connection, "staging").ReadAsync();
        Assert.Equal((first, final), (Find(criteria, "phase-1-soaked").Status, Find(criteria, "completed").Status));
        Assert.Equal(errors > 0 ? ReadinessStatus.NotMet : ReadinessStatus.Met, Find(criteria, "phase-1-errors").Status);
        Assert.Equal(state == "RolledBack" ? ReadinessStatus.NotMet : ReadinessStatus.Met, Find(criteria, "unlocked").Status);
    }

    private static ReadinessCriterion Find(IReadOnlyList<ReadinessCriterion> criteria, string id) => criteria.Single(c => c.Id == id);
}
