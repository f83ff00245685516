using System.Globalization;
using NovaCron.Dwcp.Operations.Validation;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>
/// The mutation matrix: a healthy deployment that is approved and GO, and one defect. The check whose defect it is must find it, what truly
/// follows must follow, nothing else may change, and the decision must be the one that the matrix says. No check survives its defect.
/// </summary>
public sealed class MutationMatrixTests(ITestOutputHelper output)
{
    public static TheoryData<string, string> Rows()
    {
        var rows = new TheoryData<string, string>();
        foreach (var mutation in Mutations.All)
            rows.Add(mutation.Check, mutation.Defect);
        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task A_defect_is_found_by_its_check_and_changes_the_decision(string id, string defect)
    {
        var mutation = Mutations.All.Single(m => m.Check == id && m.Defect == defect);
        using var rig = await ValidationRig.StartApprovedAsync();
        mutation.Inject(rig);
        var report = await rig.RunAsync(new ValidationOptions
        {
            Profile = ValidationProfile.Rehearsal, CheckTimeout = TimeSpan.FromMinutes(1),
        });
        var check = report.Checks.Single(c => c.Id == id);
        var follows = report.Checks.Where(c => c.Id != id && c.Status is CheckStatus.Fail or CheckStatus.Error).Where(c => c.Id != id).ToList();
        Assert.True(check.Status == mutation.Expected, $"expected {mutation.Expected}, was {check.Status}: {check.Detail}");
        Assert.NotEmpty(check.Remedy);
        foreach (var other in follows)
            output.WriteLine($"  {other.Id}: {other.Status}: {other.Detail}");
        Assert.Equal(mutation.Follows.Order(StringComparer.Ordinal), follows.Select(c => c.Id).Order(StringComparer.Ordinal));
        Assert.True(report.Decision == mutation.Decision, $"expected {mutation.Decision}, was {report.Decision}: {report.Reason}");
        output.WriteLine($"{id} <- {defect}: {check.Status}: {check.Detail}");
    }

    /// <summary>The list check -> defect, and proof that it is complete.</summary>
    [Fact]
    public void Every_check_has_a_defect()
    {
        Assert.Empty(CheckCatalogue.All.Select(c => c.Id).Except(Mutations.All.Select(m => m.Check)));
        Assert.Empty(Mutations.All.GroupBy(m => (m.Check, m.Defect)).Where(g => g.Count() > 1).Select(g => g.Key));
        var width = CheckCatalogue.All.Max(c => c.Id.Length);
        foreach (var check in CheckCatalogue.All)
        {
            foreach (var mutation in Mutations.All.Where(m => m.Check == check.Id))
                output.WriteLine($"{check.Id.PadRight(width)}  {mutation.Expected,-5}  {mutation.Decision,-9}  {mutation.Defect}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Mutations.All.Count} defects of {CheckCatalogue.All.Count} checks"));
    }

    [Fact]
    public async Task Infrastructure_that_is_as_Terraform_left_it_passes()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.TerraformDirectory = "tf";
        var check = (await rig.RunAsync()).Checks.Single(c => c.Id == "infra-terraform");
        Assert.Equal((CheckStatus.Pass, "7 outputs of tf, no drift"), (check.Status, check.Detail));
    }

    [Fact]
    public async Task A_rehearsal_without_monitoring_says_that_it_has_none_and_may_be_GO()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        Mutations.WithoutMonitoring(rig);
        var report = await rig.RunAsync();
        var skipped = report.Checks.Where(c => c.Status == CheckStatus.Skipped && c.Category == CheckCategory.Monitoring).ToList();
        Assert.Equal(["monitoring-alert", "monitoring-dashboards", "monitoring-rules", "monitoring-series", "monitoring-targets"], skipped.Select(c => c.Id).Order(StringComparer.Ordinal));
        Assert.All(skipped, c => Assert.Contains("staged without monitoring", c.Detail));
        Assert.Equal(ValidationDecision.Go, report.Decision);
    }

    [Fact]
    public async Task The_deployment_that_is_broken_is_healthy_and_GO()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var report = await rig.RunAsync();
        Assert.Empty(report.Checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error).Select(c => $"{c.Id}: {c.Detail}"));
        Assert.Equal((ValidationDecision.Go, 0), (report.Decision, report.ExitCode));
        Assert.Equal(["infra-image-digests", "infra-terraform", "integration-load-balancer", "security-image-scan", "security-network-effect"], report.Checks.Where(c => c.Status == CheckStatus.Skipped).Select(c => c.Id).Order(StringComparer.Ordinal));
    }
}
