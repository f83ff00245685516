namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>Finds a program of this repository: beside the running one, or in the build output of its project.</summary>
internal static class ProgramLocator
{
    /// <summary>The newest build of a program; null when it was not built.</summary>
    /// <param name="program">The assembly's name.</param>
    /// <param name="project">The project that builds it.</param>
    public static string? Find(string program, string project)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, program + ".dll");
        if (File.Exists(beside) && File.Exists(Path.ChangeExtension(beside, ".runtimeconfig.json")))
        {
            return beside;
        }
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var output = Path.Combine(folder.FullName, "src", project, "bin");
            if (File.Exists(Path.Combine(folder.FullName, "src", project, project + ".csproj")))
            {
                return Directory.Exists(output) ? Newest(output, program) : null;
            }
        }
        return null;
    }

    private static string? Newest(string output, string program) => Directory
        .EnumerateFiles(output, program + ".dll", SearchOption.AllDirectories)
        .Where(static path => File.Exists(Path.ChangeExtension(path, ".runtimeconfig.json")) && !path.Contains("/ref/"))
        .MaxBy(File.GetLastWriteTimeUtc);
}
