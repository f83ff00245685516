namespace NovaCron.Dwcp.Operations.Staging.Infrastructure;

/// <summary>Which configuration Terraform works on, where, and with what.</summary>
public sealed record TerraformOptions
{
    /// <summary>Directory with the configuration (<c>*.tf</c>); copied into <see cref="WorkingDirectory"/>, because Terraform writes beside it.</summary>
    public required string ConfigurationDirectory { get; init; }

    /// <summary>Where Terraform works: configuration, variables, provider lock file. Keep it; state is in the backend.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Values of the configuration's variables. No secrets: Terraform keeps them in its state.</summary>
    public IReadOnlyDictionary<string, object?> Variables { get; init; } = new Dictionary<string, object?>();

    /// <summary>Settings of the backend (<c>bucket</c>, <c>key</c>, <c>region</c>, ...); none for one that needs none.</summary>
    public IReadOnlyDictionary<string, string> Backend { get; init; } = new Dictionary<string, string>();

    /// <summary>Environment of Terraform beside our own: names of profiles and paths of files, never a secret.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>Path of the program; the one on PATH when null.</summary>
    public string? Program { get; init; }

    /// <summary>How long Terraform waits for a state that somebody else has locked.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromMinutes(1);
}
