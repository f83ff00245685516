using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>Admission: the shipped policies and the rules in the CRDs, as the API server enforces them.</summary>
public sealed class RolloutAdmissionTests
{
    [Fact]
    public async Task Whoever_asks_cannot_waive_the_approval_and_owns_the_end_of_v1_that_he_asks_for()
    {
        await using var scenario = await ApiScenario.StartAsync();
        using var alice = scenario.As("alice");
        var waived = await Assert.ThrowsAsync<DwcpClusterException>(() => alice.CreateAsync(Rollout("alice", ""","approval":{"required":false}""")));
        Assert.Contains("only somebody who may approve", waived.Message);
        Assert.Contains("only somebody who may approve", (await Assert.ThrowsAsync<DwcpClusterException>(() => alice.CreateAsync(Rollout("alice", ""","approval":{"allowRequester":true}""")))).Message);
        var rollout = await alice.CreateAsync(Rollout("alice", ""));
        rollout["spec"]!["approval"]!["required"] = false;
        Assert.Contains("only somebody who may approve", (await Assert.ThrowsAsync<DwcpClusterException>(() => alice.ReplaceAsync(rollout))).Message);
        rollout = await scenario.Admin.ReplaceAsync(rollout);
        // Waived by somebody who may: asking for more goes on as before, and asking for approval again is anybody's.
        rollout["spec"]!["targetPercent"] = 20;
        rollout = await alice.ReplaceAsync(rollout);
        rollout["spec"]!["approval"]!["required"] = true;
        rollout = await alice.ReplaceAsync(rollout);

        rollout["spec"]!["deprecation"]!["disableV1"] = true;
        Assert.Contains("spec.requestedBy must be the user", (await Assert.ThrowsAsync<DwcpClusterException>(() => scenario.Admin.ReplaceAsync(rollout))).Message);
        await alice.ReplaceAsync(rollout);

        static JsonObject Rollout(string requester, string more) => ApiScenario.Json($$$"""
            {"apiVersion":"dwcp.novacron.io/v1","kind":"DwcpRollout","metadata":{"name":"dwcp-v3","namespace":"staging"},"spec":{"targetPercent":10,"release":"3.0.0","requestedBy":"{{{requester}}}"{{{more}}}}}
            """);
    }

    [Fact]
    public async Task Nobody_signs_with_another_name_and_no_approval_changes()
    {
        await using var scenario = await ApiScenario.StartAsync();
        using var alice = scenario.As("alice");
        using var bob = scenario.As("bob");
        var forged = await Assert.ThrowsAsync<DwcpClusterException>(() => bob.CreateAsync(Approval("carol")));
        Assert.Contains("spec.approver must be the user", forged.Message);
        Assert.Equal(ClusterFailure.Forbidden, (await Assert.ThrowsAsync<DwcpClusterException>(() => alice.CreateAsync(Approval("alice")))).Failure);
        var approval = await bob.CreateAsync(Approval("bob"));
        approval["spec"]!["phase"] = "phase-3";
        var changed = await Assert.ThrowsAsync<DwcpClusterException>(() => scenario.Admin.ReplaceAsync(approval));
        Assert.Contains("an approval cannot be changed", changed.Message);
        var asked = await Assert.ThrowsAsync<DwcpClusterException>(() => alice.CreateAsync(ApiScenario.Json("""
            {"apiVersion":"dwcp.novacron.io/v1","kind":"DwcpRollout","metadata":{"name":"dwcp-v3","namespace":"staging"},"spec":{"targetPercent":10,"release":"3.0.0","requestedBy":"bob"}}
            """)));
        Assert.Contains("spec.requestedBy must be the user", asked.Message);

        static JsonObject Approval(string approver) => ApiScenario.Json($$$"""
            {"apiVersion":"dwcp.novacron.io/v1","kind":"DwcpApproval","metadata":{"generateName":"phase-1-","namespace":"staging"},
             "spec":{"rollout":"dwcp-v3","phase":"phase-1","release":"3.0.0","approver":"{{{approver}}}","reason":"because"}}
            """);
    }
}
