using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Processes;

namespace NovaCron.Dwcp.Operations.Staging.Infrastructure;

/// <summary>
/// A Terraform configuration that is planned, shown, applied, watched for drift and destroyed through the Terraform CLI and its JSON streams. What is applied
/// is the plan file that was shown. Values go in a file, credentials nowhere: Terraform finds them as it always does, by profile.
/// </summary>
public sealed class TerraformProject
{
    private const string VariablesFile = "novacron.auto.tfvars.json";

    /// <summary>1.10 brought locking of S3 state without a table of its own.</summary>
    private static readonly Version MinimumVersion = new(1, 10);

    /// <summary>How long an interrupted Terraform may take to finish what it has begun and write its state. A cluster's creation takes a quarter of an hour.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(20);

    private readonly TerraformOptions _options;
    private readonly ExternalProgram _program;
    private readonly TimeProvider _time;

    /// <exception cref="DwcpStagingException">Terraform is not installed, or there is no configuration.</exception>
    public TerraformProject(TerraformOptions options, TimeProvider? time = null)
    {
        _options = options;
        _time = time ?? TimeProvider.System;
        var path = options.Program ?? ExternalProgram.Find("terraform") ?? throw Failure("terraform", "is not on PATH", "Install Terraform 1.10 or newer (https://developer.hashicorp.com/terraform/install).");
        if (!Directory.Exists(options.ConfigurationDirectory) || Directory.GetFiles(options.ConfigurationDirectory, "*.tf").Length == 0)
            throw Failure(options.ConfigurationDirectory, "holds no Terraform configuration (*.tf)", "Correct the path.");
        var environment = new Dictionary<string, string>(options.Environment)
        {
            ["TF_IN_AUTOMATION"] = "1",
            ["TF_INPUT"] = "0",
            ["CHECKPOINT_DISABLE"] = "1",
        };
        _program = new ExternalProgram(path, environment, options.WorkingDirectory, Grace, isInterruptedOnce: true);
    }

    /// <summary>Working directory, with the configuration as it was applied.</summary>
    public string WorkingDirectory => _options.WorkingDirectory;

    /// <summary>Lays the configuration and the variables out and initialises backend and providers. May be repeated.</summary>
    /// <exception cref="DwcpStagingException">Terraform is too old or refuses; the message is its own.</exception>
    public async Task InitializeAsync(IProgress<StagingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(_options.WorkingDirectory);
        await RequireVersionAsync(cancellationToken).ConfigureAwait(false);
        LayOut();
        List<string> arguments = ["init", "-input=false", "-no-color", "-reconfigure"];
        arguments.AddRange(_options.Backend.OrderBy(b => b.Key, StringComparer.Ordinal).Select(b => $"-backend-config={b.Key}={b.Value}"));
        var stream = new TerraformStream(Reporter(progress));
        Require(await RunAsync([.. arguments, "-json"], stream, cancellationToken).ConfigureAwait(false), stream, "init");
    }

    /// <summary>Finds out what would change and saves it as a plan. Changes nothing.</summary>
    /// <param name="destroy">Plan to take everything away.</param>
    /// <param name="progress">Told a line for each change.</param>
    /// <param name="cancellationToken">Ends Terraform.</param>
    /// <exception cref="DwcpStagingException">Terraform refuses; the message names resource or line, and what it says.</exception>
    public async Task<InfrastructurePlan> PlanAsync(bool destroy = false, IProgress<StagingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var file = Path.Combine(_options.WorkingDirectory, $"novacron-{Guid.NewGuid():N}.tfplan");
        List<string> arguments = ["plan", "-input=false", "-json", "-detailed-exitcode", $"-lock-timeout={LockTimeout}", $"-out={file}"];
        if (destroy)
            arguments.Add("-destroy");
        var stream = new TerraformStream(Reporter(progress));
        var result = await RunAsync(arguments, stream, cancellationToken).ConfigureAwait(false);
        // 0: nothing to do, 2: changes, 1: an error.
        if (result.ExitCode is not (0 or 2))
            Require(result, stream, "plan");
        Protect(file);
        return new InfrastructurePlan
        {
            Directory = _options.WorkingDirectory,
            File = file,
            Changes = [.. stream.Planned.Where(c => c.Action is not "noop" and not "read")],
            Warnings = stream.Warnings,
            IsDestruction = destroy,
            HasChanges = result.ExitCode == 2,
        };
    }

    /// <summary>Applies a plan exactly as it was shown. Cancelled, Terraform finishes what it has begun and writes its state; running everything again continues.</summary>
    /// <exception cref="DwcpStagingException">A resource failed, or the plan is older than the state; what was done by then stays and is in the state.</exception>
    public async Task<InfrastructureResult> ApplyAsync(InfrastructurePlan plan, IProgress<StagingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var started = _time.GetTimestamp();
        var stream = new TerraformStream(Reporter(progress));
        try
        {
            if (plan.HasChanges)
                Require(await RunAsync(["apply", "-input=false", "-json", $"-lock-timeout={LockTimeout}", plan.File], stream, cancellationToken).ConfigureAwait(false), stream, "apply");
        }
        finally
        {
            Discard(plan);
        }

        return new InfrastructureResult(stream.Done, plan.IsDestruction ? new Dictionary<string, JsonNode?>() : await ReadOutputsAsync(cancellationToken).ConfigureAwait(false), _time.GetElapsedTime(started));
    }

    /// <summary>Throws a plan away.</summary>
    public static void Discard(InfrastructurePlan plan) => File.Delete(plan.File);

    /// <summary>The outputs of what is applied, without those that are marked sensitive.</summary>
    public async Task<IReadOnlyDictionary<string, JsonNode?>> ReadOutputsAsync(CancellationToken cancellationToken = default)
    {
        var stream = new TerraformStream((_, _) => { });
        var lines = new System.Text.StringBuilder();
        var result = await _program.RunAsync(["output", "-json", "-no-color"], line => lines.AppendLine(line), cancellationToken).ConfigureAwait(false);
        Require(result, stream, "output");
        try
        {
            return (JsonNode.Parse(lines.ToString()) as JsonObject ?? []).Where(o => o.Value?["sensitive"]?.GetValue<bool>() != true)
                .ToDictionary(o => o.Key, o => o.Value?["value"]?.DeepClone(), StringComparer.Ordinal);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Failure("terraform output", $"cannot be read: {e.Message}", "Look at what 'terraform output -json' writes in the working directory.", e);
        }
    }

    /// <summary>Compares what is there with the state, without changing either.</summary>
    public async Task<InfrastructureDrift> DetectDriftAsync(IProgress<StagingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var stream = new TerraformStream(Reporter(progress));
        // Looking needs no lock, and must not hold up who applies.
        var result = await RunAsync(["plan", "-refresh-only", "-input=false", "-json", "-detailed-exitcode", "-lock=false"], stream, cancellationToken).ConfigureAwait(false);
        if (result.ExitCode is not (0 or 2))
            Require(result, stream, "plan -refresh-only");
        return new InfrastructureDrift { Directory = _options.WorkingDirectory, Changes = stream.Drifted, LookedAt = _time.GetUtcNow(), IsDrifted = result.ExitCode == 2 };
    }

    private string LockTimeout => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (long)_options.LockTimeout.TotalSeconds)}s");

    private async Task RequireVersionAsync(CancellationToken cancellationToken)
    {
        var lines = new System.Text.StringBuilder();
        var result = await _program.RunAsync(["version", "-json"], line => lines.AppendLine(line), cancellationToken).ConfigureAwait(false);
        string? text = null;
        try
        {
            text = (JsonNode.Parse(lines.ToString()) as JsonObject)?["terraform_version"]?.ToString();
        }
        catch (JsonException)
        {
            // Told below with what it said.
        }

        if (!result.Succeeded || text is null || !Version.TryParse(text.Split('-')[0], out var version))
            throw Failure(_program.Path, $"does not tell its version: {result.Complaint(2)}", "Check that this is HashiCorp's Terraform CLI.");
        if (version < MinimumVersion)
            throw Failure(_program.Path, $"is Terraform {text}, older than {MinimumVersion}", "Install a newer one.");
    }

    /// <summary>Configuration and variables into the working directory; what is there already and is not ours stays.</summary>
    private void LayOut()
    {
        if (Path.GetFullPath(_options.ConfigurationDirectory) != Path.GetFullPath(_options.WorkingDirectory))
        {
            // A file that this version no longer has would still be configuration.
            foreach (var old in Directory.GetFiles(_options.WorkingDirectory, "*.tf"))
                File.Delete(old);
            foreach (var file in Directory.GetFiles(_options.ConfigurationDirectory).Where(f => Path.GetExtension(f) is ".tf" or ".tftpl"))
                File.Copy(file, Path.Combine(_options.WorkingDirectory, Path.GetFileName(file)), overwrite: true);
        }

        var variables = Path.Combine(_options.WorkingDirectory, VariablesFile);
        try
        {
            File.WriteAllText(variables, JsonSerializer.Serialize(_options.Variables, new JsonSerializerOptions { WriteIndented = true }) + "\n");
        }
        catch (NotSupportedException e)
        {
            throw Failure("Terraform variables", $"hold a value that JSON cannot: {e.Message}", "Give texts, numbers, booleans, lists and hashtables.", e);
        }
    }

    private Task<ProgramResult> RunAsync(IReadOnlyList<string> arguments, TerraformStream stream, CancellationToken cancellationToken) =>
        _program.RunAsync(arguments, stream.Read, cancellationToken);

    private static Action<string, bool> Reporter(IProgress<StagingProgress>? progress) =>
        (message, warning) => progress?.Report(new StagingProgress(StagingStage.Infrastructure, message, 0, warning));

    private static void Require(ProgramResult result, TerraformStream stream, string command)
    {
        if (result.Succeeded)
            return;
        var errors = stream.Diagnostics.Where(d => d.IsError).ToList();
        if (errors.Count == 0)
        {
            var said = result.Errors.Any(l => l.Trim().Length > 0) ? result.Complaint() : stream.Chatter;
            throw Failure($"terraform {command}", string.Create(CultureInfo.InvariantCulture, $"ended with {result.ExitCode}: {said}"), "Correct what it names and run it again; what is done already is kept.");
        }

        var first = errors[0];
        var others = errors.Count == 1 ? "" : $" (and {errors.Count - 1} more: {string.Join("; ", errors.Skip(1).Take(3).Select(e => $"{e.Target}: {e.Summary}"))})";
        throw Failure(first.Target, $"terraform {command}: {first.Summary}{(first.Detail.Length > 0 ? ": " + first.Detail.ReplaceLineEndings(" ") : "")}{others}", Remedy(first));
    }

    private static string Remedy(TerraformDiagnostic diagnostic)
    {
        var text = $"{diagnostic.Summary} {diagnostic.Detail}";
        bool Says(string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);
        return Says("state lock") ? "Somebody else is applying: wait for them. If nobody is, 'terraform force-unlock ID' in the working directory, with the ID above."
            : Says("credential") || Says("no valid credential sources") || Says("ExpiredToken") ? "Log in (Set-AWSCredential, aws sso login, ...), or name a profile (-ProfileName)."
            : Says("AccessDenied") || Says("UnauthorizedOperation") || Says("not authorized") ? "Ask for the permission that it names."
            : Says("saved plan is stale") ? "The state changed since the plan was made: plan again."
            : Says("Failed to query available provider packages") || Says("could not connect to") ? "Terraform cannot reach its registry: check the network, or give it a mirror (TF_CLI_CONFIG_FILE)."
            : Says("limit") && Says("exceeded") || Says("quota") ? "Raise the account's quota for this resource, or free some."
            : "Correct what it names and run it again; what is done already is kept.";
    }

    private static void Protect(string file)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(file))
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static DwcpStagingException Failure(string target, string what, string remedy, Exception? inner = null) => new(StagingStage.Infrastructure, target, what, remedy, inner);
}
