using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Staging.Infrastructure;

namespace NovaCron.Dwcp.Operations.Tests.Staging;

/// <summary>The runner on the real Terraform CLI, with its built-in resources: no provider, no network, no account.</summary>
public sealed class TerraformProjectTests : IDisposable
{
    private const string Configuration = """
        terraform {
          required_version = ">= 1.10.0"
        }
        variable "message" {
          type = string
          validation {
            condition     = length(var.message) < 20
            error_message = "message must be short."
          }
        }
        variable "names" {
          type    = list(string)
          default = []
        }
        resource "terraform_data" "first" {
          input            = var.message
          triggers_replace = var.names
        }
        resource "terraform_data" "second" {
          input = terraform_data.first.output
        }
        output "message" {
          value = terraform_data.second.output
        }
        output "password" {
          value     = "hunter2"
          sensitive = true
        }
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("dwcp-terraform-").FullName;

    private string Source => Path.Combine(_directory, "source");

    private string Work => Path.Combine(_directory, "work");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public TerraformProjectTests()
    {
        Directory.CreateDirectory(Source);
        File.WriteAllText(Path.Combine(Source, "main.tf"), Configuration);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private TerraformProject Project(string message = "hello", object? names = null) => new(new TerraformOptions
    {
        ConfigurationDirectory = Source,
        WorkingDirectory = Work,
        Variables = new Dictionary<string, object?> { ["message"] = message, ["names"] = names ?? Array.Empty<string>() },
        LockTimeout = TimeSpan.Zero,
    });

    private static void RequireTerraform()
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(d => File.Exists(Path.Combine(d, "terraform"))))
            Assert.Skip("terraform is not installed: the runner of Terraform is NOT tested here");
    }

    [Fact]
    public async Task Planned_shown_applied_looked_after_and_destroyed()
    {
        RequireTerraform();
        var seen = new List<StagingProgress>();
        var progress = new Recorder(seen);
        var project = Project();
        await project.InitializeAsync(progress, Token);
        var plan = await project.PlanAsync(progress: progress, cancellationToken: Token);
        Assert.Equal(["+ terraform_data.first (create)", "+ terraform_data.second (create)"], plan.Changes.Select(c => c.ToString()).Order());
        Assert.EndsWith("infrastructure: 2 to add, 0 to change, 0 to destroy or replace", plan.Difference);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(plan.File));

        var result = await project.ApplyAsync(plan, progress, Token);
        Assert.Equal(2, result.Applied.Count);
        Assert.Equal("hello", result.Output("message"));
        Assert.DoesNotContain("password", result.Outputs.Keys);
        Assert.False(File.Exists(plan.File));
        Assert.Contains(seen, p => p.Message.Contains("Creation complete", StringComparison.Ordinal));

        // The same again: nothing to do, and applying that does nothing.
        var again = await project.PlanAsync(cancellationToken: Token);
        Assert.False(again.HasChanges);
        Assert.Equal("infrastructure: no change", again.Summary);
        Assert.Equal("hello", (await project.ApplyAsync(again, cancellationToken: Token)).Output("message"));
        Assert.False((await project.DetectDriftAsync(cancellationToken: Token)).IsDrifted);

        // From a new process, and with another value: a replacement is told as one that destroys.
        var changed = Project("changed", new List<object> { "a" });
        await changed.InitializeAsync(cancellationToken: Token);
        var replacement = await changed.PlanAsync(cancellationToken: Token);
        Assert.Contains(replacement.Changes, c => c is { Address: "terraform_data.first", Destroys: true });
        TerraformProject.Discard(replacement);

        var end = await project.PlanAsync(destroy: true, cancellationToken: Token);
        Assert.Equal(2, end.Changes.Count(c => c.Action == "delete"));
        Assert.Empty((await project.ApplyAsync(end, cancellationToken: Token)).Outputs);
        Assert.Equal(2, (await project.PlanAsync(cancellationToken: Token)).Changes.Count);
    }

    [Fact]
    public async Task A_value_out_of_range_a_broken_file_and_a_stale_plan_name_place_and_remedy()
    {
        RequireTerraform();
        var project = Project("far too long to be a message");
        await project.InitializeAsync(cancellationToken: Token);
        var value = await Assert.ThrowsAsync<DwcpStagingException>(() => project.PlanAsync(cancellationToken: Token));
        Assert.Equal(StagingStage.Infrastructure, value.Stage);
        Assert.Contains("message must be short", value.Message);

        var good = Project();
        await good.InitializeAsync(cancellationToken: Token);
        var old = await good.PlanAsync(cancellationToken: Token);
        await good.ApplyAsync(await good.PlanAsync(cancellationToken: Token), cancellationToken: Token);
        var stale = await Assert.ThrowsAsync<DwcpStagingException>(() => good.ApplyAsync(old, cancellationToken: Token));
        Assert.Contains("plan again", stale.Remedy);

        File.WriteAllText(Path.Combine(Source, "broken.tf"), "resource \"terraform_data\" {");
        var broken = await Assert.ThrowsAsync<DwcpStagingException>(() => Project().InitializeAsync(cancellationToken: Token));
        Assert.Contains("broken.tf:1", broken.Message);
        // A file that is gone from the configuration is gone from the working directory too.
        File.Delete(Path.Combine(Source, "broken.tf"));
        await Project().InitializeAsync(cancellationToken: Token);
    }

    [Fact]
    public async Task A_state_that_somebody_else_has_locked_is_told_with_what_to_do()
    {
        RequireTerraform();
        var project = Project();
        await project.InitializeAsync(cancellationToken: Token);
        await project.ApplyAsync(await project.PlanAsync(cancellationToken: Token), cancellationToken: Token);
        // A local state is locked by a file lock of the one who works; another one that holds it stands in for that.
        File.WriteAllText(Path.Combine(Source, "main.tf"), Configuration + """

            resource "terraform_data" "slow" {
              provisioner "local-exec" {
                command = "while [ ! -e go ]; do sleep 0.05; done"
              }
            }
            """);
        var slow = Project();
        await slow.InitializeAsync(cancellationToken: Token);
        var started = new TaskCompletionSource();
        var holding = slow.ApplyAsync(await slow.PlanAsync(cancellationToken: Token), new Recorder(p =>
        {
            if (p.Message.StartsWith("terraform_data.slow: ", StringComparison.Ordinal))
                started.TrySetResult();
        }), Token);
        try
        {
            await started.Task.WaitAsync(TimeSpan.FromSeconds(60), Token);
            var e = await Assert.ThrowsAsync<DwcpStagingException>(() => project.PlanAsync(cancellationToken: Token));
            Assert.Contains("lock", e.Message);
            Assert.Contains("force-unlock", e.Remedy);
            // Looking for drift needs no lock.
            await project.DetectDriftAsync(cancellationToken: Token);
        }
        finally
        {
            File.WriteAllText(Path.Combine(Work, "go"), "");
            await holding;
        }
    }

    [Fact]
    public async Task Cancelled_it_writes_its_state_leaves_no_lock_and_the_next_run_continues()
    {
        RequireTerraform();
        File.WriteAllText(Path.Combine(Source, "main.tf"), Configuration + """

            resource "terraform_data" "slow" {
              depends_on = [terraform_data.second]
              provisioner "local-exec" {
                command = "while [ ! -e go ]; do sleep 0.05; done"
              }
            }
            """);
        var project = Project();
        await project.InitializeAsync(cancellationToken: Token);
        using var cancel = new CancellationTokenSource();
        var plan = await project.PlanAsync(cancellationToken: Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => project.ApplyAsync(plan, new Recorder(p =>
        {
            if (p.Message.StartsWith("terraform_data.slow: Prov", StringComparison.Ordinal) || p.Message.StartsWith("terraform_data.slow: Creating", StringComparison.Ordinal))
                cancel.Cancel();
        }), cancel.Token).WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.False(File.Exists(plan.File));
        var rest = await project.PlanAsync(cancellationToken: Token);
        Assert.Equal(["terraform_data.slow"], rest.Changes.Select(c => c.Address));
        File.WriteAllText(Path.Combine(Work, "go"), "");
        Assert.Equal("hello", (await project.ApplyAsync(rest, cancellationToken: Token)).Output("message"));
    }

    [Fact]
    public void What_is_missing_is_told_before_anything_runs()
    {
        var e = Assert.Throws<DwcpStagingException>(() => new TerraformProject(new TerraformOptions { ConfigurationDirectory = Path.Combine(_directory, "nothing"), WorkingDirectory = Work, Program = "/bin/true" }));
        Assert.Contains("no Terraform configuration", e.Message);
    }

    [Theory]
    [InlineData("exit 0", "does not tell its version")]
    [InlineData("echo '{\"terraform_version\":\"1.5.7\"}'", "older than 1.10")]
    [InlineData("case $1 in version) echo '{\"terraform_version\":\"1.11.0\"}';; *) echo 'no network' >&2; exit 1;; esac", "terraform init: ended with 1: no network")]
    public async Task Another_program_an_old_one_and_one_that_fails_without_JSON_are_told(string script, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "needs a shell script as the program");
        var program = Path.Combine(_directory, "terraform");
        File.WriteAllText(program, $"#!/bin/sh\n{script}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var project = new TerraformProject(new TerraformOptions { ConfigurationDirectory = Source, WorkingDirectory = Work, Program = program });
        var e = await Assert.ThrowsAsync<DwcpStagingException>(() => project.InitializeAsync(cancellationToken: Token));
        Assert.Contains(expected, e.Message);
    }

    [Fact]
    public void The_stream_reads_drift_diagnostics_and_chatter_and_survives_anything()
    {
        var told = new List<string>();
        var stream = new TerraformStream((text, _) => told.Add(text));
        stream.Read("""{"@message":"x: Drift detected (update)","type":"resource_drift","change":{"resource":{"addr":"aws_x.y"},"action":"update"}}""");
        stream.Read("""{"@message":"Error: no","type":"diagnostic","diagnostic":{"severity":"error","summary":"no","detail":"not\nat all","address":"aws_x.y","range":{"filename":"main.tf","start":{"line":7}}}}""");
        stream.Read("a wrapper says hello");
        var random = new Random(7);
        for (var n = 0; n < 2000; n++)
        {
            var text = """{"@message":1,"type":"diagnostic","diagnostic":{"range":{"start":[]}},"change":{"resource":[{}]},"hook":7}""".ToCharArray();
            for (var k = 0; k < 4; k++)
                text[random.Next(text.Length)] = (char)random.Next(32, 127);
            stream.Read(new string(text));
        }

        Assert.Equal("~ aws_x.y (update)", stream.Drifted[0].ToString());
        Assert.Equal("aws_x.y: no: not at all", stream.Diagnostics[0].ToString());
        Assert.Equal("main.tf:7", stream.Diagnostics[0].Place);
        Assert.Contains("x: Drift detected (update)", told);
    }

    private sealed class Recorder : IProgress<StagingProgress>
    {
        private readonly Action<StagingProgress> _report;

        public Recorder(List<StagingProgress> list) => _report = p =>
        {
            lock (list)
                list.Add(p);
        };

        public Recorder(Action<StagingProgress> report) => _report = report;

        public void Report(StagingProgress value) => _report(value);
    }
}
