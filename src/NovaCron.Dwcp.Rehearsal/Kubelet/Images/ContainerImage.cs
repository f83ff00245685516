namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>
/// A program that stands in for a container image. It has no file system of its own: the process sees the machine, and what would be
/// mounted into the container lies below <see cref="ContainerContext.Root"/>. An adapter bridges that difference for one kind of program.
/// </summary>
internal abstract class ContainerImage(string path)
{
    private readonly Lazy<string> _digest = new(() => ImageDigest.Of(path));

    /// <summary>The executable or .NET assembly behind the image.</summary>
    public string Path { get; } = path;

    /// <summary><c>sha256:…</c> of the program and the assemblies beside it.</summary>
    public string Digest => _digest.Value;

    /// <summary>Environment variables that the image sets; a container's own win.</summary>
    public virtual IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>();

    /// <summary>
    /// The command line for a container's command (null: the image's entry point) and arguments. The first element is an absolute path.
    /// </summary>
    public IReadOnlyList<string> CommandLine(ContainerContext context, IReadOnlyList<string>? command, IReadOnlyList<string> arguments)
    {
        if (command is not { Count: > 0 })
        {
            return [.. EntryPoint, .. Arguments(context, arguments)];
        }
        return IsEntryPoint(command[0])
            ? [.. EntryPoint, .. Arguments(context, [.. command.Skip(1), .. arguments])]
            : [FindProgram(context, command[0]), .. command.Skip(1).Concat(arguments).Select(context.ResolveIfPresent)];
    }

    /// <summary>Called after the files mounted into the container changed, and once before it starts.</summary>
    public virtual void MountsChanged(ContainerContext context)
    {
    }

    /// <summary>What starts the program itself.</summary>
    protected IReadOnlyList<string> EntryPoint => Path.EndsWith(".dll", StringComparison.OrdinalIgnoreCase) ? [DotnetHost.Path, Path] : [Path];

    /// <summary>Names by which a container's command may mean the image's program.</summary>
    protected virtual IReadOnlyList<string> ProgramNames => [System.IO.Path.GetFileNameWithoutExtension(Path)];

    /// <summary>Fits arguments into the container's root and address.</summary>
    protected virtual IEnumerable<string> Arguments(ContainerContext context, IReadOnlyList<string> arguments) => arguments;

    private bool IsEntryPoint(string program) => ProgramNames.Contains(System.IO.Path.GetFileName(program));

    private static string FindProgram(ContainerContext context, string program) =>
        program.StartsWith('/') && File.Exists(context.Resolve(program)) ? context.Resolve(program) : Processes.ProcessLauncher.Find(program) ?? program;
}
