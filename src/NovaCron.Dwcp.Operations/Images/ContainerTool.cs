using NovaCron.Dwcp.Operations.Processes;
using NovaCron.Dwcp.Operations.Staging;

namespace NovaCron.Dwcp.Operations.Images;

/// <summary>What the three programs that build images have in common, in each one's words.</summary>
internal sealed class ContainerTool
{
    private static readonly string[] Names = ["docker", "podman", "buildah"];

    private readonly ExternalProgram _program;

    private ContainerTool(string name, string path)
    {
        Name = name;
        _program = new ExternalProgram(path);
    }

    public string Name { get; }

    /// <summary>The one that was named, or the first that is installed and works (a docker without its daemon does not).</summary>
    /// <exception cref="DwcpStagingException">None works; says what each is missing.</exception>
    public static async Task<ContainerTool> FindAsync(string? wanted, CancellationToken cancellationToken)
    {
        var reasons = new List<string>();
        foreach (var name in wanted is null ? Names : [wanted])
        {
            if (!Names.Contains(name))
                throw new DwcpStagingException(StagingStage.Image, $"image tool {name}", "is not known here", $"Name one of {string.Join(", ", Names)}.");
            if (ExternalProgram.Find(name) is not { } path)
            {
                reasons.Add($"{name} is not installed");
                continue;
            }

            var tool = new ContainerTool(name, path);
            var answer = await tool._program.RunAsync(["info"], cancellationToken: cancellationToken).ConfigureAwait(false);
            if (answer.Succeeded)
                return tool;
            reasons.Add($"{name} does not work: {answer.Complaint(1)}");
        }

        throw new DwcpStagingException(StagingStage.Image, "image build", string.Join("; ", reasons),
            "Install one (Debian: apt-get install buildah), or build the image elsewhere and name it with -Image.");
    }

    /// <summary>Builds a directory's Dockerfile.</summary>
    public Task<ProgramResult> BuildAsync(string directory, string tag, IReadOnlyDictionary<string, string> arguments, Action<string>? onOutput, CancellationToken cancellationToken)
    {
        List<string> line = ["build", "--tag", tag, "--file", Path.Combine(directory, "Dockerfile")];
        foreach (var (name, value) in arguments)
            line.AddRange(["--build-arg", $"{name}={value}"]);
        return _program.RunAsync([.. line, directory], onOutput, cancellationToken);
    }

    /// <summary>Writes the image to a file that can be read without the tool.</summary>
    public Task<ProgramResult> SaveAsync(string tag, string file, CancellationToken cancellationToken) => _program.RunAsync(Name switch
    {
        "docker" => ["save", "--output", file, tag],
        "podman" => ["save", "--format", "docker-archive", "--output", file, tag],
        _ => ["push", tag, $"docker-archive:{file}:{tag}"],
    }, cancellationToken: cancellationToken);

    /// <summary>Names the image for a registry and pushes it once. The digest is what the registry confirmed.</summary>
    public async Task<(ProgramResult Result, string? Digest)> PushAsync(string tag, string target, bool allowInsecure, CancellationToken cancellationToken)
    {
        if (Name == "docker")
        {
            var tagged = await _program.RunAsync(["tag", tag, target], cancellationToken: cancellationToken).ConfigureAwait(false);
            if (!tagged.Succeeded)
                return (tagged, null);
            var pushed = await _program.RunAsync(["push", target], cancellationToken: cancellationToken).ConfigureAwait(false);
            return (pushed, pushed.Output.Select(l => l.Split("digest: ", 2)).Where(p => p.Length == 2).Select(p => p[1].Split(' ')[0]).LastOrDefault());
        }

        var file = Path.Combine(Path.GetTempPath(), $"dwcp-digest-{Guid.NewGuid():N}");
        try
        {
            List<string> line = ["push", "--digestfile", file];
            if (allowInsecure)
                line.Add("--tls-verify=false");
            var result = await _program.RunAsync([.. line, tag, $"docker://{target}"], cancellationToken: cancellationToken).ConfigureAwait(false);
            return (result, result.Succeeded && File.Exists(file) ? (await File.ReadAllTextAsync(file, cancellationToken).ConfigureAwait(false)).Trim() : null);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
