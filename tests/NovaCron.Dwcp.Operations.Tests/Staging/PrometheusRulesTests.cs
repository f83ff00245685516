using System.Diagnostics;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

/// <summary>The alert rules that ship, judged by Prometheus' own tool.</summary>
public sealed class PrometheusRulesTests
{
    [Fact]
    public async Task Alert_rules_are_valid_and_fire_when_they_should_and_only_then()
    {
        var tool = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Select(d => Path.Combine(d, "promtool")).FirstOrDefault(File.Exists);
        if (tool is null)
            Assert.Skip("promtool is not installed (Debian package prometheus)");
        var assets = Path.Combine(RepositoryRoot(), "module", "assets", "prometheus");
        foreach (var arguments in new[] { "check rules rules-dwcp-v3.yaml", "test rules rules-dwcp-v3.test.yaml" })
        {
            using var process = Process.Start(new ProcessStartInfo(tool, arguments) { WorkingDirectory = assets, RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, $"promtool {arguments}: {await output}{await error}");
        }
    }

    [Fact]
    public void Every_alert_keeps_to_the_namespaces_of_DWCP_and_says_what_to_do()
    {
        var rules = File.ReadAllText(Path.Combine(RepositoryRoot(), "module", "assets", "prometheus", "rules-dwcp-v3.yaml")).Split("- alert:")[1..];
        Assert.NotEmpty(rules);
        Assert.All(rules, rule =>
        {
            Assert.Contains("namespace=~\"staging|production\"", rule);
            Assert.Contains("severity:", rule);
            Assert.Contains("summary:", rule);
            Assert.Contains("action:", rule);
        });
    }

    private static string RepositoryRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "NovaCron.Dwcp.sln")))
            directory = directory.Parent!;
        return directory.FullName;
    }
}
