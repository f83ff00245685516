namespace NovaCron.Dwcp.Tool.Tests;

public sealed class RunbookTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-tool-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("'fine'", 0)]
    [InlineData("exit 7", 7)]
    [InlineData("throw 'broken'", 1)]
    [InlineData("[pscustomobject]@{ ExitCode = 3 }", 3)]
    [InlineData("[pscustomobject]@{ ExitCode = 3 }; [pscustomobject]@{ ExitCode = 0 }", 0)]
    [InlineData("Get-DwcpStaging -Kubeconfig /nonexistent/kubeconfig", 1)]
    [InlineData("$ErrorActionPreference = 'Stop'; Get-DwcpStaging -Kubeconfig /nonexistent/kubeconfig; exit 0", 1)]
    public async Task Exit_code_is_that_of_the_script_its_failure_or_its_last_result(string script, int expected) =>
        Assert.Equal(expected, (await RunAsync(script)).ExitCode);

    [Fact]
    public async Task Script_that_does_not_parse_is_refused_with_line_and_column()
    {
        var (exitCode, _, error) = await RunAsync("'fine'\nif (");
        Assert.Equal(65, exitCode);
        Assert.Contains("runbook.ps1:2:", error);
    }

    [Fact]
    public async Task Script_that_does_not_exist_is_exit_code_66() =>
        Assert.Equal(66, (await ToolProcess.RunAsync("run", Path.Combine(_directory, "absent.ps1"))).ExitCode);

    [Fact]
    public async Task Parameters_are_bound_by_name_and_converted()
    {
        var (exitCode, output, _) = await RunAsync("param([int] $Count, [switch] $Loud, [timespan] $For) \"$($Count + 1) $Loud $($For.TotalSeconds)\"",
            "-Count", "41", "-Loud", "-For:00:01:00");
        Assert.Equal(0, exitCode);
        Assert.Contains("42 True 60", output);
    }

    [Theory]
    [InlineData("-Colour", "has no parameter -Colour")]
    [InlineData("-Count", "-Count needs a value")]
    [InlineData("stray", "Unexpected argument 'stray'")]
    public async Task Unknown_or_incomplete_parameters_are_refused_before_anything_runs(string argument, string message)
    {
        var (exitCode, output, error) = await RunAsync("param([int] $Count) 'ran'", argument);
        Assert.Equal(64, exitCode);
        Assert.Contains(message, error);
        Assert.DoesNotContain("ran", output);
    }

    [Fact]
    public async Task Output_in_a_pipe_is_plain_lines_with_steps_and_errors_told_in_full()
    {
        var (_, output, error) = await RunAsync("Write-DwcpStep 'A step' { Get-DwcpCheck infra-* | ForEach-Object { $_ } }\nWrite-DwcpStep 'A failure' { Get-DwcpStaging -Kubeconfig /nonexistent/kubeconfig }");
        Assert.DoesNotContain('\e', output + error);
        Assert.Contains("> A step", output);
        Assert.Contains("ok A step", output);
        Assert.Contains("FAILED A failure", output);
        Assert.Contains("/nonexistent/kubeconfig", error);
        Assert.Contains("Id: Dwcp.Cluster.Configuration,", error);
        Assert.Contains("runbook.ps1:2", error);
    }

    [Fact]
    public async Task Question_nobody_can_answer_is_an_error_that_says_how_to_answer_it()
    {
        var (exitCode, _, error) = await RunAsync("Set-DwcpRollout 10 -Kubeconfig /nonexistent/kubeconfig");
        Assert.Equal(1, exitCode);
        Assert.Contains("-Confirm:$false", error);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(string script, params string[] arguments)
    {
        var file = Path.Combine(_directory, "runbook.ps1");
        await File.WriteAllTextAsync(file, script, TestContext.Current.CancellationToken);
        return await ToolProcess.RunAsync(["run", file, .. arguments]);
    }
}
