using System.Net;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Tests.Cluster;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

public sealed class ValidationRunnerTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-validation-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public async Task A_healthy_deployment_waits_for_approval_and_is_GO_with_it()
    {
        using var rig = await ValidationRig.StartAsync();
        var report = await rig.RunAsync();
        Assert.Empty(report.Checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error).Select(c => $"{c.Id}: {c.Detail}"));
        Assert.Equal(ValidationDecision.Review, report.Decision);
        Assert.Equal(2, report.ExitCode);
        Assert.Contains("an approval is missing", report.Reason);
        Assert.All(report.Categories, c => Assert.True(c.IsMet, c.Category.ToString()));

        rig.Server.User = "erin";
        var runner = new ValidationRunner(rig.Connection);
        var approved = await runner.ApproveAsync(report, "looks good");
        Assert.Equal(0, approved.ExitCode);
        var map = rig.Server.Get("api/v1/namespaces/staging/configmaps/dwcp-v3-validation")["data"]!;
        Assert.Equal(("GO", "erin", "looks good", "3.0.0"), (map["decision"]!.ToString(), map["approvedBy"]!.ToString(), map["reason"]!.ToString(), map["release"]!.ToString()));

        var again = await rig.RunAsync();
        Assert.Equal("GO", again.DecisionText);
        Assert.Equal("erin", again.Approval!.ApprovedBy);
        Assert.Equal("GO", rig.Server.Get("api/v1/namespaces/staging/configmaps/dwcp-v3-validation")["data"]!["decision"]!.ToString());
    }

    [Theory]
    [InlineData("""{"nonResourceURLs":["/.well-known","/.well-known/*"],"verbs":["get"]}""")] // OpenShift's system:openshift:public-info-viewer
    [InlineData("""{"apiGroups":["authentication.k8s.io"],"resources":["selfsubjectreviews"],"verbs":["create"]}""")]
    public async Task What_a_distribution_lets_everybody_ask_is_nobodys_finding(string rule)
    {
        using var rig = await ValidationRig.StartAsync();
        Mutations.GiveAll(rig, rule);
        var report = await rig.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, Ids = ["security-permissions"] });
        Assert.Equal(CheckStatus.Pass, Assert.Single(report.Checks).Status);
    }

    [Theory]
    [InlineData(0, CheckStatus.Pass)]
    [InlineData(-10, CheckStatus.Fail)]
    public async Task An_autoscaler_of_pods_that_have_just_started_is_given_time_for_its_first_figures(int minutes, CheckStatus expected)
    {
        using var rig = await ValidationRig.StartAsync();
        rig.Nodes.Rehearsal = false;
        const string Scaler = "apis/autoscaling/v2/namespaces/staging/horizontalpodautoscalers/dwcp-v3";
        void Set(string status) => rig.Server.Change(Scaler, h => h["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "ScalingActive", ["status"] = status, ["lastTransitionTime"] = DateTimeOffset.UtcNow.AddMinutes(minutes).ToString("yyyy-MM-ddTHH:mm:ssZ"),
                ["message"] = status == "True" ? "the HPA was able to compute" : "failed to get cpu utilization: no metrics returned from resource metrics API",
            }),
        });
        Set("False");
        var reads = 0;
        rig.Server.Intercept = (request, _) =>
        {
            if (request.RequestUri!.AbsolutePath.EndsWith("/horizontalpodautoscalers/dwcp-v3", StringComparison.Ordinal) && ++reads == 4) Set("True");
            return null;
        };
        var report = await rig.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, Ids = ["infra-autoscaler"] });
        Assert.Equal(expected, Assert.Single(report.Checks).Status);
        Assert.Equal(expected == CheckStatus.Pass ? 4 : 1, reads);
    }

    [Fact]
    public async Task An_approval_does_not_cover_another_image()
    {
        using var rig = await ValidationRig.StartAsync();
        var runner = new ValidationRunner(rig.Connection);
        var report = await rig.RunAsync();
        await runner.ApproveAsync(report, "fine");
        rig.Server.ShapePod = p => p["status"]!["containerStatuses"]![0]!["imageID"] = "x@sha256:" + new string('b', 64);
        rig.Pod(rig.Server.ShapePod);
        var later = await rig.RunAsync();
        Assert.Equal(ValidationDecision.Review, later.Decision);
        Assert.Null(later.Approval);
        Assert.Null(rig.Server.Get("api/v1/namespaces/staging/configmaps/dwcp-v3-validation")["data"]!["approvedBy"]);
        var e = await Assert.ThrowsAsync<DwcpValidationException>(() => runner.ApproveAsync(report, "still fine"));
        Assert.Contains("something else than what is deployed now", e.Message);
    }

    [Fact]
    public async Task A_waiver_covers_what_was_open_when_it_was_given_and_nothing_later()
    {
        using var rig = await ValidationRig.StartAsync();
        var runner = new ValidationRunner(rig.Connection);
        rig.Probe.SlowPerTransfer = 1;
        var report = await rig.RunAsync();
        Assert.Equal(ValidationDecision.Review, report.Decision);
        Assert.Contains("performance-service-time", report.Reason);
        var approved = await runner.ApproveAsync(report, "small machine");
        Assert.Equal(ValidationDecision.Go, approved.Decision);
        Assert.Contains("waived performance-service-time: small machine", approved.Reason);
        Assert.Equal(ValidationDecision.Go, (await rig.RunAsync()).Decision);
        rig.Probe.ErrorsPerTransfer = 1;
        Assert.Equal(ValidationDecision.Review, (await rig.RunAsync()).Decision);
    }

    [Fact]
    public async Task NO_GO_and_partial_reports_cannot_be_approved()
    {
        using var rig = await ValidationRig.StartAsync();
        var runner = new ValidationRunner(rig.Connection);
        var partial = await rig.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, Categories = [CheckCategory.Security] });
        Assert.Equal(ValidationDecision.Review, partial.Decision);
        Assert.All(partial.Checks, c => Assert.Equal(CheckCategory.Security, c.Category));
        Assert.Contains("only a part", (await Assert.ThrowsAsync<DwcpValidationException>(() => runner.ApproveAsync(partial, "x"))).Message);
        Assert.DoesNotContain("api/v1/namespaces/staging/configmaps/dwcp-v3-validation", rig.Server.Objects.Keys);
        rig.Config("FEATURE_FLAG_V3_ROLLOUT", "10");
        var bad = await rig.RunAsync();
        Assert.Equal(3, bad.ExitCode);
        Assert.Contains("NO-GO", (await Assert.ThrowsAsync<DwcpValidationException>(() => runner.ApproveAsync(bad, "x"))).Message);
    }

    [Fact]
    public async Task An_unreachable_API_server_is_exit_code_4_and_named()
    {
        using var rig = await ValidationRig.StartAsync();
        rig.Server.Intercept = (_, _) => throw new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused");
        var report = await rig.RunAsync();
        Assert.Equal(4, report.ExitCode);
        Assert.Contains("cannot be reached", report.Reason);
        Assert.DoesNotContain(report.Checks, c => c.Status is CheckStatus.Pass or CheckStatus.Fail);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(429)]
    [InlineData(403)]
    public async Task An_API_server_that_refuses_everything_is_never_GO(int code)
    {
        using var rig = await ValidationRig.StartAsync();
        rig.Server.Intercept = (_, _) => FakeApiServer.Failure(code, "x", "no", 0.001);
        var report = await rig.RunAsync();
        Assert.Equal(4, report.ExitCode);
        Assert.DoesNotContain(report.Checks, c => c.Status == CheckStatus.Pass);
    }

    [Fact]
    public async Task Without_any_metrics_it_is_exit_code_4()
    {
        using var rig = await ValidationRig.StartAsync();
        rig.Nodes.Break = (_, port, _) => port == "9090" ? (-1, "error trying to reach service: connection refused") : null;
        var report = await rig.RunAsync();
        Assert.Equal(4, report.ExitCode);
        Assert.Contains("connection refused", report.Reason);
    }

    [Fact]
    public async Task Without_a_transfer_client_nothing_about_transfers_passes()
    {
        using var rig = await ValidationRig.StartAsync();
        var report = await new ValidationRunner(rig.Connection).RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, AddressProbe = rig.Addresses });
        Assert.All(report.Checks.Where(c => c.Id.StartsWith("integration-transfer", StringComparison.Ordinal) || c.Id is "integration-resume" or "security-wrong-key" or "performance-error-rate"),
            c => Assert.Equal(CheckStatus.Error, c.Status));
        Assert.True(report.ExitCode == 4, $"{report.ExitCode}: {report.Reason}");
    }

    [Fact]
    public async Task A_slow_check_is_cut_off_and_the_others_go_on()
    {
        using var rig = await ValidationRig.StartAsync();
        rig.Probe.Break = (q, x) => q.Number == 11 ? throw new InvalidOperationException("boom") : x;
        rig.Nodes.Break = (_, _, c) => c == "GET /ready" ? Wait() : null;
        var report = await rig.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, CheckTimeout = TimeSpan.FromSeconds(20) });
        var v1 = report.Checks.Single(c => c.Id == "integration-transfer-v1");
        Assert.Equal((CheckStatus.Error, "InvalidOperationException: boom"), (v1.Status, v1.Detail));
        Assert.Equal(CheckStatus.Pass, report.Checks.Single(c => c.Id == "integration-transfer-v3").Status);

        static (int, string)? Wait()
        {
            Thread.Sleep(5);
            return null;
        }
    }

    [Fact]
    public async Task A_decision_that_cannot_be_recorded_does_not_count()
    {
        using var rig = await ValidationRig.StartAsync();
        rig.Server.Intercept = (r, _) => r.Method == HttpMethod.Post && r.RequestUri!.AbsolutePath.EndsWith("/configmaps", StringComparison.Ordinal)
            ? FakeApiServer.Failure(403, "Forbidden", "configmaps is forbidden: User \"jane\" cannot create resource") : null;
        var report = await rig.RunAsync();
        Assert.Equal(4, report.ExitCode);
        Assert.Contains("could not be recorded", report.Reason);
    }

    [Fact]
    public async Task Exclusions_need_a_reason_and_unknown_ids_are_refused()
    {
        using var rig = await ValidationRig.StartAsync();
        await Assert.ThrowsAsync<DwcpValidationException>(() => rig.RunAsync(new ValidationOptions { Ids = ["nonsense"] }));
        await Assert.ThrowsAsync<DwcpValidationException>(() => rig.RunAsync(new ValidationOptions { Exclude = new Dictionary<string, string> { ["flags-zero"] = " " } }));
        var report = await rig.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, Exclude = new Dictionary<string, string> { ["infra-labels"] = "being renamed" } });
        Assert.DoesNotContain(report.Checks, c => c.Id == "infra-labels");
        Assert.Equal("being renamed", report.Excluded["infra-labels"]);
        Assert.NotEqual(ValidationDecision.Go, report.Decision);
    }

    [Fact]
    public async Task A_report_is_written_in_six_forms_without_secrets()
    {
        using var rig = await ValidationRig.StartAsync();
        rig.Config("DWCP_MODE", "internet");
        var report = await rig.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, ReportDirectory = _directory });
        var markdown = await File.ReadAllTextAsync(Path.Combine(_directory, "validation-report.md"));
        Assert.Contains("NO-GO", markdown);
        Assert.Contains("flags-mode", markdown);
        Assert.Contains("Rehearsal", markdown);
        var json = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(_directory, "validation-report.json")))!;
        Assert.Equal(3, json["exitCode"]!.GetValue<int>());
        Assert.Equal(report.Checks.Count, json["checks"]!.AsArray().Count);
        Assert.Equal(["validation-report.html", "validation-report.json", "validation-report.junit.xml", "validation-report.md", "validation-report.nunit.xml", "validation-report.sarif"],
            Directory.GetFiles(_directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var file in Directory.GetFiles(_directory))
            Assert.DoesNotContain(rig.Secret("diagnostics-key"), await File.ReadAllTextAsync(file));
    }

    [Fact]
    public void The_catalogue_is_complete_and_in_order()
    {
        Assert.Equal(Enum.GetValues<CheckCategory>(), CheckCatalogue.All.Select(c => c.Category).Distinct());
        Assert.All(CheckCatalogue.All.GroupBy(c => c.Category), g => Assert.True(g.Count() >= 2));
        Assert.Equal(CheckCatalogue.All.Count, CheckCatalogue.All.Select(c => c.Id).Distinct().Count());
        Assert.All(CheckCatalogue.All, c => Assert.NotEmpty(c.Remedy));
        Assert.True(CheckCatalogue.All.Count >= 50);
    }

    [Fact]
    public async Task Cancellation_throws_and_records_nothing()
    {
        using var rig = await ValidationRig.StartAsync();
        using var cancel = new CancellationTokenSource();
        rig.Nodes.Break = (_, _, _) =>
        {
            cancel.Cancel();
            return null;
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rig.RunAsync(token: cancel.Token));
        Assert.DoesNotContain("api/v1/namespaces/staging/configmaps/dwcp-v3-validation", rig.Server.Objects.Keys);
    }
}
