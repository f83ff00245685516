using System.Diagnostics;
using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

/// <summary>The Terraform configuration that ships, as far as it can be judged without an AWS account.</summary>
public sealed partial class TerraformAssetsTests
{
    [Fact]
    public async Task The_configuration_parses_and_is_formatted_as_terraform_formats()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => File.Exists(Path.Combine(d, "terraform"))))
            Assert.Skip("terraform is not installed: the format of module/assets/terraform/aws is NOT checked here");
        using var process = Process.Start(new ProcessStartInfo("terraform", ["fmt", "-check", "-diff", "-no-color", Folder]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await output + await error);
    }

    [Fact]
    public void Every_variable_is_described_typed_and_used_and_every_output_is_described()
    {
        var text = string.Join('\n', Directory.GetFiles(Folder, "*.tf").Select(File.ReadAllText));
        var variables = Block().Matches(text).Where(m => m.Groups[1].Value == "variable").ToList();
        Assert.True(variables.Count > 10);
        Assert.All(variables, v =>
        {
            Assert.Contains("description", v.Value);
            Assert.Contains("type ", v.Value);
            Assert.Contains($"var.{v.Groups[2].Value}", text.Replace(v.Value, "", StringComparison.Ordinal));
        });
        Assert.All(Block().Matches(text).Where(m => m.Groups[1].Value == "output"), o => Assert.Contains("description", o.Value));
        // References to resources and data that are nowhere declared.
        var declared = Declaration().Matches(text).Select(m => (m.Groups[1].Value == "data" ? "data." : "") + m.Groups[2].Value + "." + m.Groups[3].Value).ToHashSet();
        var referenced = Reference().Matches(text).Select(m => m.Groups[1].Value + m.Groups[2].Value + "." + m.Groups[3].Value).Distinct().ToList();
        Assert.True(referenced.Count > 30);
        Assert.All(referenced, r => Assert.Contains(r, declared));
    }

    [Fact]
    public void Nothing_is_open_that_should_not_be()
    {
        var text = string.Join('\n', Directory.GetFiles(Folder, "*.tf").Select(File.ReadAllText));
        Assert.DoesNotContain("key_name", text);
        Assert.DoesNotMatch(@"(?:from|to)_port\s*=\s*22\b", text);
        Assert.Matches(@"http_tokens\s*=\s*""required""", text);
        Assert.Matches(@"use_lockfile\s*=\s*true", text);
        // The whole internet is nowhere a source; it is a destination of the machines and of the routes.
        Assert.All(Block().Matches(text).Where(m => m.Value.Contains("_ingress_rule", StringComparison.Ordinal)), rule => Assert.DoesNotContain("0.0.0.0/0", rule.Value));
    }

    private static string Folder
    {
        get
        {
            var directory = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(directory.FullName, "NovaCron.Dwcp.sln")))
                directory = directory.Parent!;
            return Path.Combine(directory.FullName, "module", "assets", "terraform", "aws");
        }
    }

    [GeneratedRegex("^(variable|output|resource|data) \"([^\"]+)\".*?^}", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^(resource|data) \"([^\"]+)\" \"([^\"]+)\"", RegexOptions.Multiline)]
    private static partial Regex Declaration();

    [GeneratedRegex(@"(?<![\w.""/])(data\.)?(aws_[a-z0-9_]+)\.([a-z0-9_]+)")]
    private static partial Regex Reference();
}
