using System.Text.Json;

namespace NovaCron.Dwcp.Tool.Tests;

public sealed class RehearsalTests(ITestOutputHelper log)
{
    /// <summary>Five minutes are allowed with the build, two without; a machine that runs other tests beside it gets the longer.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Whole_story_succeeds_and_leaves_its_reports()
    {
        var directory = Directory.CreateTempSubdirectory("dwcp-rehearsal-test-").FullName;
        try
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            var (exitCode, output, error) = await ToolProcess.RunAsync("rehearse", "-OutputDirectory", directory);
            log.WriteLine($"The rehearsal took {watch.Elapsed.TotalSeconds:0.0} s.");
            log.WriteLine(output);
            Assert.True(exitCode == 0, output + error);
            Assert.True(watch.Elapsed < Limit, $"It took {watch.Elapsed}.");
            foreach (var name in new[] { "validation-report.md", "validation-report.json", "rollout-report.md", "incident-report.md", "report.html" })
                Assert.True(new FileInfo(Path.Combine(directory, name)) is { Exists: true, Length: > 100 }, $"{name} is missing.");
            var html = await File.ReadAllTextAsync(Path.Combine(directory, "report.html"), TestContext.Current.CancellationToken);
            Assert.Contains("<svg", html);
            Assert.DoesNotContain("src=\"http", html);
            using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(directory, "report.json"), TestContext.Current.CancellationToken));
            Assert.Equal(0, Figure(report, "lost"));
            Assert.InRange(Figure(report, "secondsFromFaultToRollback"), 0, 60);
            log.WriteLine($"From fault to 0 % on every pod: {Figure(report, "secondsFromFaultToRollback"):0.0} s.");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static double Figure(JsonDocument report, string name) =>
        report.RootElement.EnumerateObject().Single(property => property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value.GetDouble();
}
