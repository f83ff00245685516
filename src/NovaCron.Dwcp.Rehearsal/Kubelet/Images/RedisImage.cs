namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>
/// Redis: <c>redis-server</c> when it is installed, else Garnet in a process of ours that understands the same command line
/// (<see cref="GarnetHost"/>).
/// </summary>
internal sealed class RedisImage(string path, bool isGarnet) : ContainerImage(path)
{
    protected override IReadOnlyList<string> ProgramNames => ["redis-server"];

    public override IReadOnlyDictionary<string, string> Environment { get; } =
        isGarnet ? new ProgramImage(path).Environment : new Dictionary<string, string>();

    /// <summary>The last directive wins in Redis, so that the ones that fit it into the pod come last.</summary>
    protected override IEnumerable<string> Arguments(ContainerContext context, IReadOnlyList<string> arguments)
    {
        if (isGarnet)
        {
            yield return GarnetHost.Verb;
        }
        foreach (var argument in arguments)
        {
            yield return argument.EndsWith(".conf", StringComparison.Ordinal) && File.Exists(context.Resolve(argument))
                ? WithoutDirectories(context, argument)
                : context.ResolveIfPresent(argument);
        }
        yield return "--bind";
        yield return context.PodAddress.ToString();
        yield return "--protected-mode";
        yield return "no";
        yield return "--daemonize";
        yield return "no";
        yield return "--dir";
        yield return Directory.Exists(context.Resolve("/data")) ? context.Resolve("/data") : context.Root;
    }

    // Redis changes its directory while it reads the file, before later directives can name the right one.
    private static string WithoutDirectories(ContainerContext context, string path)
    {
        var rewritten = System.IO.Path.Combine(context.Root, "run", System.IO.Path.GetFileName(path));
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(rewritten)!);
        File.WriteAllLines(rewritten, File.ReadLines(context.Resolve(path)).Where(static line => !line.TrimStart().StartsWith("dir ", StringComparison.OrdinalIgnoreCase)));
        File.SetUnixFileMode(rewritten, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return rewritten;
    }
}
