using System.Text.Json.Nodes;
using System.Xml.Linq;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Operations.Validation.Reports;

namespace NovaCron.Dwcp.Operations.Tests.Validation;

/// <summary>The forms of a report for other programs, from one real run with a failure, an error and skipped checks.</summary>
public sealed class ValidationReportTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-reports-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public async Task JUnit_counts_what_it_holds_and_fails_unless_GO()
    {
        var report = await BrokenAsync();
        var root = JUnitReport.Write(report).Root!;
        var cases = root.Descendants("testcase").ToList();
        Assert.Equal(report.Checks.Count + 1, cases.Count);
        Assert.Equal(cases.Count, (int)root.Attribute("tests")!);
        Assert.Equal(report.Checks.Count(c => c.Status == CheckStatus.Fail) + 1, (int)root.Attribute("failures")!);
        Assert.Equal(report.Checks.Count(c => c.Status == CheckStatus.Error), (int)root.Attribute("errors")!);
        Assert.Equal(report.Checks.Count(c => c.Status == CheckStatus.Skipped), (int)root.Attribute("skipped")!);
        foreach (var suite in root.Elements("testsuite"))
            Assert.Equal(suite.Elements("testcase").Count(), (int)suite.Attribute("tests")!);
        var failure = cases.Single(c => ((string)c.Attribute("name")!).StartsWith("flags-mode:", StringComparison.Ordinal)).Element("failure")!;
        Assert.Equal("DWCP_MODE is 'internet', expected hybrid", (string)failure.Attribute("message")!);
        Assert.StartsWith("NO-GO: ", (string)cases.Single(c => (string)c.Attribute("name")! == "decision").Element("failure")!.Attribute("message")!);
    }

    [Fact]
    public async Task NUnit_results_add_up_on_every_level()
    {
        var report = await BrokenAsync();
        var run = NUnitReport.Write(report).Root!;
        Assert.Equal("Failed", (string)run.Attribute("result")!);
        foreach (var level in run.DescendantsAndSelf().Where(e => e.Name == "test-run" || e.Name == "test-suite"))
        {
            var cases = level.Descendants("test-case").ToList();
            Assert.Equal(cases.Count, (int)level.Attribute("total")!);
            foreach (var (attribute, result) in new[] { ("passed", "Passed"), ("failed", "Failed"), ("skipped", "Skipped") })
                Assert.Equal(cases.Count(c => (string)c.Attribute("result")! == result), (int)level.Attribute(attribute)!);
        }

        Assert.Equal(run.Descendants("test-case").Count() + run.Descendants("test-suite").Count(), run.Descendants().Select(e => (string?)e.Attribute("id")).OfType<string>().Distinct().Count());
        Assert.Equal(report.Checks.Where(c => c.Status == CheckStatus.Error).Select(c => c.Id).Order(StringComparer.Ordinal),
            run.Descendants("test-case").Where(c => (string?)c.Attribute("label") == "Error").Select(c => (string)c.Attribute("name")!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task SARIF_has_a_rule_and_a_result_for_every_check()
    {
        var report = await BrokenAsync();
        var run = SarifReport.Write(report)["runs"]![0]!;
        var rules = run["tool"]!["driver"]!["rules"]!.AsArray();
        var results = run["results"]!.AsArray();
        Assert.Equal(report.Checks.Count, rules.Count);
        foreach (var result in results)
        {
            var check = report.Checks.Single(c => c.Id == result!["ruleId"]!.ToString());
            Assert.Equal(check.Id, rules[result!["ruleIndex"]!.GetValue<int>()]!["id"]!.ToString());
            Assert.Equal(check.Status is CheckStatus.Fail or CheckStatus.Error, result["kind"]!.ToString() == "fail");
            Assert.Equal(result["kind"]!.ToString() == "fail", result["level"]!.ToString() != "none");
        }

        Assert.Equal(3, run["invocations"]![0]!["exitCode"]!.GetValue<int>());
    }

    [Fact]
    public async Task HTML_needs_nothing_from_elsewhere_and_shows_what_pods_wrote_as_text()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Config("DWCP_MODE", "<script>alert(1)</script>");
        var html = HtmlReport.Write(await rig.RunAsync());
        Assert.DoesNotContain("<script>alert", html);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", html);
        Assert.DoesNotContain("src=\"http", html);
        Assert.DoesNotContain("href=\"http", html);
        Assert.Contains("default-src 'none'", html);
        Assert.Equal(CheckCatalogue.All.Count, html.Split("data-status=").Length - 1);
        // Three runs of the throughput make a line of three points.
        Assert.Contains("<polyline", html);
    }

    [Fact]
    public void XML_survives_what_a_log_can_hold() =>
        Assert.Equal("a\uFFFDb\uFFFD\U0001F600\n", XElement.Parse(new XElement("x", XmlText.Clean("a\u0007b\ud800\U0001F600\n")).ToString()).Value);

    [Fact]
    public async Task A_written_report_is_read_back_and_compares_as_equal()
    {
        var report = await BrokenAsync();
        await ValidationReportFiles.WriteAsync(report, _directory);
        var read = await ValidationReportFiles.ReadAsync(Path.Combine(_directory, "validation-report.json"));
        Assert.Equal((report.Id, report.Decision, report.ExitCode, report.Duration), (read.Id, read.Decision, read.ExitCode, read.Duration));
        var comparison = DwcpValidationComparison.Of(report, read);
        Assert.Empty(comparison.Checks);
        Assert.True(comparison.IsSameDeployment);
        Assert.Equal(report.Checks.Sum(c => c.Figures.Count), comparison.Figures.Count);
        Assert.All(comparison.Figures, f => Assert.Equal(f.Before, f.After));
        await Assert.ThrowsAsync<DwcpValidationException>(() => ValidationReportFiles.ReadAsync(Path.Combine(_directory, "validation-report.md")));
    }

    [Fact]
    public async Task A_comparison_names_what_got_worse_what_got_better_and_what_was_left_out()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        var healthy = await rig.RunAsync();
        var broken = await BrokenAsync();
        var worse = DwcpValidationComparison.Of(healthy, broken);
        Assert.Equal(1, worse.ExitCode);
        Assert.Equal(broken.Checks.Where(c => c.Status is CheckStatus.Fail or CheckStatus.Error).Select(c => c.Id).Order(StringComparer.Ordinal),
            worse.Regressions.Select(c => c.Id).Order(StringComparer.Ordinal));
        var better = DwcpValidationComparison.Of(broken, healthy);
        Assert.Equal((0, worse.Checks.Count), (better.ExitCode, better.Checks.Count));
        var partial = await rig.RunAsync(new ValidationOptions { Profile = ValidationProfile.Rehearsal, Exclude = new Dictionary<string, string> { ["flags-mode"] = "busy" } });
        Assert.Equal("flags-mode", Assert.Single(DwcpValidationComparison.Of(healthy, partial).Regressions).Id);
        var slower = DwcpValidationComparison.Of(healthy, broken).Figures.Single(f => f.Name == "throughput");
        Assert.Equal(-80, slower.Percent!.Value, 6);
    }

    private static async Task<DwcpValidationReport> BrokenAsync()
    {
        using var rig = await ValidationRig.StartApprovedAsync();
        rig.Config("DWCP_MODE", "internet");
        rig.Pod(p => ((JsonObject)p["status"]!["containerStatuses"]![0]!).Remove("restartCount"));
        rig.Nodes.Break = (_, _, call) => call is "POST /diagnostics/benchmark?kind=transfer" or "POST /diagnostics/benchmark?kind=sibling"
            ? (200, """{"bytesPerSecond":1e9,"data":"d","figures":{"version":3},"memoryCopyBytesPerSecond":1}""") : null;
        return await rig.RunAsync();
    }
}
