namespace NovaCron.Dwcp.Tool.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("", "No command")]
    [InlineData("fly", "Unknown command 'fly'")]
    [InlineData("run", "FILE.ps1 is missing")]
    [InlineData("cluster", "only 'up' is known")]
    [InlineData("cluster up --colour red", "Unknown option --colour")]
    [InlineData("cluster up --directory", "--directory needs a value")]
    [InlineData("bench rollback --pods 1", "--pods is '1'")]
    [InlineData("bench rollback --colour red", "Unknown option --colour")]
    [InlineData("send", "PATH is missing")]
    [InlineData("send file http://127.0.0.1/x", "is not dwcp://")]
    [InlineData("send file dwcp://127.0.0.1/x --level Enormous", "--level cannot be 'Enormous'")]
    [InlineData("send file dwcp://127.0.0.1/x --version 2", "--version cannot be '2'")]
    [InlineData("send file dwcp://127.0.0.1/x --max-rate 0", "--max-rate cannot be '0'")]
    [InlineData("send file dwcp://127.0.0.1/x --certificate-key key.pem", "--certificate-key belongs to --certificate")]
    [InlineData("bench datacenter --listen somewhere", "--listen is an address")]
    [InlineData("bench datacenter --listen 127.0.0.1 dwcp://127.0.0.1/x", "--listen serves")]
    [InlineData("bench datacenter --mib 0", "--mib is a whole number")]
    [InlineData("receive dwcp://127.0.0.1/x", "PATH is missing")]
    [InlineData("receive dwcp://127.0.0.1/x here there", "Unexpected argument 'there'")]
    public async Task Wrong_arguments_are_told_on_standard_error_with_exit_code_64(string arguments, string message)
    {
        var (exitCode, output, error) = await ToolProcess.RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(64, exitCode);
        Assert.Contains(message, error);
        Assert.Contains("dwcp help", error);
        Assert.Empty(output);
    }

    [Fact]
    public async Task Help_names_every_command()
    {
        var (exitCode, output, _) = await ToolProcess.RunAsync("help");
        Assert.Equal(0, exitCode);
        Assert.All(["rehearse", "run", "cluster up", "send", "receive"], command => Assert.Contains("dwcp " + command, output));
    }

    [Fact]
    public async Task A_node_program_that_does_not_exist_is_told_with_how_to_make_one()
    {
        var (exitCode, _, error) = await ToolProcess.RunAsync("cluster", "up", "--node", "/nonexistent/dwcpd");
        Assert.Equal(1, exitCode);
        Assert.Contains("no node program /nonexistent/dwcpd", error);
        Assert.Contains("dotnet publish", error);
    }

    [Fact]
    public async Task File_that_does_not_exist_is_not_sent()
    {
        var (exitCode, _, error) = await ToolProcess.RunAsync("send", "/nonexistent/file", "dwcp://127.0.0.1/x");
        Assert.Equal(1, exitCode);
        Assert.Contains("/nonexistent/file does not exist", error);
    }
}
