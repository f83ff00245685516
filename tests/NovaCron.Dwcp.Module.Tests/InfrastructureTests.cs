namespace NovaCron.Dwcp.Module.Tests;

/// <summary>New- and Remove-DwcpStaging with -Infrastructure Aws, on a program that speaks as Terraform does and notes what it was asked.</summary>
public sealed class InfrastructureTests : IClassFixture<ModuleSession>, IDisposable
{
    private const string Program = """
        #!/bin/sh
        echo "$@" >> "$(dirname "$0")/asked"
        env | grep -E '^(AWS|TF)_' | sort > "$(dirname "$0")/environment"
        case $1 in
          version) echo '{"terraform_version":"1.11.0"}';;
          plan)
            for argument; do case $argument in -out=*) echo plan > "${argument#-out=}";; esac; done
            echo '{"@message":"aws_vpc.this: Plan to create","type":"planned_change","change":{"resource":{"addr":"aws_vpc.this"},"action":"create"}}'
            exit 2;;
          apply) echo '{"@message":"aws_vpc.this: Creation complete","type":"apply_complete","hook":{"resource":{"addr":"aws_vpc.this"},"action":"create"}}';;
          output) echo '{"region":{"sensitive":false,"value":"eu-central-1"},"password":{"sensitive":true,"value":"hunter2"}}';;
        esac
        """;

    private readonly ModuleSession _session;
    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-infrastructure-").FullName;
    private readonly Dictionary<string, string?> _before = [];

    public InfrastructureTests(ModuleSession session)
    {
        _session = session;
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell script in the place of terraform");
        var program = Path.Combine(_directory, "terraform");
        File.WriteAllText(program, Program + "\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Set("PATH", $"{_directory}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}");
        Set("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
        Set("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-environment");
    }

    public void Dispose()
    {
        foreach (var (name, value) in _before)
            Environment.SetEnvironmentVariable(name, value);
        Directory.Delete(_directory, recursive: true);
    }

    private void Set(string name, string value)
    {
        _before[name] = Environment.GetEnvironmentVariable(name);
        Environment.SetEnvironmentVariable(name, value);
    }

    private string[] Asked => File.Exists(Path.Combine(_directory, "asked")) ? [.. File.ReadAllLines(Path.Combine(_directory, "asked")).Select(l => l.Split(' ')[0])] : [];

    // Without a cluster's name among the outputs the deployment goes to the kubeconfig, which is absent: Terraform is all that happens.
    private string Command(string rest) =>
        $"New-DwcpStaging -Infrastructure Aws -Region eu-central-1 -StateBucket some-bucket -TerraformDirectory '{_directory}/work' -Kubeconfig '{_directory}/absent' "
        + $"-InfrastructureVariable @{{ client_cidrs = @('203.0.113.0/24'); machines = @{{ minimum = 2; desired = 2; maximum = 4 }} }} {rest}";

    [Fact]
    public void The_plan_is_shown_and_exactly_that_is_applied()
    {
        var result = _session.Run(Command("-Force -Confirm:$false -InformationVariable shown") + "; $shown | ForEach-Object { \"$($_.MessageData)\" }");
        Assert.StartsWith("Dwcp.Cluster.Configuration,", Assert.Single(result.Errors).FullyQualifiedErrorId);
        Assert.Equal(["version", "init", "plan", "apply", "output"], Asked);
        var asked = File.ReadAllText(Path.Combine(_directory, "asked"));
        Assert.Contains("-backend-config=bucket=some-bucket -backend-config=key=novacron-dwcp/staging.tfstate -backend-config=region=eu-central-1", asked);
        var plan = asked.Split('\n').Single(l => l.StartsWith("plan", StringComparison.Ordinal)).Split("-out=")[1].Split(' ')[0];
        Assert.EndsWith(plan, asked.Split('\n').Single(l => l.StartsWith("apply", StringComparison.Ordinal)));
        Assert.False(File.Exists(plan));
        Assert.DoesNotContain("a-secret", asked);
        Assert.True(File.Exists(Path.Combine(_directory, "work", "cluster.tf")));
        var variables = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(Path.Combine(_directory, "work", "novacron.auto.tfvars.json")))!;
        Assert.Equal("""{"region":"eu-central-1","environment":"staging"}""", $$"""{"region":"{{variables["region"]}}","environment":"{{variables["environment"]}}"}""");
        Assert.Equal("203.0.113.0/24", variables["client_cidrs"]![0]!.ToString());
        Assert.Equal(4, variables["machines"]!["maximum"]!.GetValue<int>());
        // What our own variables say: names and paths. The key that was there before is the operator's own way.
        Assert.Contains("AWS_REGION=eu-central-1", File.ReadAllText(Path.Combine(_directory, "environment")));
    }

    [Fact]
    public void WhatIf_wins_over_Force_and_applies_nothing()
    {
        var result = _session.Run(Command("-WhatIf -Force"));
        Assert.Empty(result.Errors);
        Assert.Empty(result.Output);
        Assert.Equal(["version", "init", "plan"], Asked);
        Assert.Empty(Directory.GetFiles(Path.Combine(_directory, "work"), "*.tfplan"));
    }

    [Fact]
    public void Without_Force_nobody_who_could_say_yes_means_no()
    {
        Assert.NotEmpty(_session.Run(Command("-Confirm:$false")).Errors);
        Assert.DoesNotContain("apply", Asked);
        Assert.Empty(Directory.GetFiles(Path.Combine(_directory, "work"), "*.tfplan"));
    }

    [Fact]
    public void Settings_that_are_wrong_are_told_before_Terraform_runs()
    {
        File.WriteAllText(Path.Combine(_directory, "values.yaml"), "node: {cpuLimit: lots}\n");
        var error = Assert.Single(_session.Run(Command($"-Force -Confirm:$false -Values '{_directory}/values.yaml'")).Errors);
        Assert.StartsWith("Dwcp.Manifest.Invalid,", error.FullyQualifiedErrorId);
        Assert.Empty(Asked);
    }
}
