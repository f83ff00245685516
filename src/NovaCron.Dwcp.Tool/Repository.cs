using NovaCron.Dwcp.Tool.CommandLine;

namespace NovaCron.Dwcp.Tool;

/// <summary>Where the module, the runbooks and the node's program lie: above this program in a clone, beside it when packed.</summary>
internal static class Repository
{
    private static readonly Lazy<string> Found = new(Find);

    public static string Root => Found.Value;

    public static string ModuleManifest => Path.Combine(Root, "NovaCron.psd1");

    public static string Runbook(string name) => Path.Combine(Root, "runbooks", name);

    /// <summary>The node's program, built in the same configuration as this one.</summary>
    /// <exception cref="ToolException">It was not built.</exception>
    public static string Node
    {
        get
        {
            var file = OperatingSystem.IsWindows() ? "dwcpd.exe" : "dwcpd";
            // .../src/NovaCron.Dwcp.Tool/bin/Debug/net10.0/ -> .../src/NovaCron.Dwcp.Node/bin/Debug/net10.0/
            var here = new DirectoryInfo(AppContext.BaseDirectory);
            string[] places =
            [
                Path.Combine(AppContext.BaseDirectory, file),
                Path.Combine(Root, "src", "NovaCron.Dwcp.Node", "bin", here.Parent?.Name ?? "Debug", here.Name, file),
                Path.Combine(Root, "src", "NovaCron.Dwcp.Node", "bin", "Debug", "net10.0", file),
                Path.Combine(Root, "src", "NovaCron.Dwcp.Node", "bin", "Release", "net10.0", file),
            ];
            // The build also leaves a host without its assembly beside this program: both must be there.
            return places.FirstOrDefault(static place => File.Exists(place) && File.Exists(Path.ChangeExtension(place, ".dll")))
                ?? throw new ToolException(ExitCode.Failure, $"{file} was not found: {string.Join(", ", places)}. Build it: dotnet build src/NovaCron.Dwcp.Node.");
        }
    }

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "NovaCron.psd1")))
                return directory.FullName;
        throw new ToolException(ExitCode.Failure, $"NovaCron.psd1 was not found in {AppContext.BaseDirectory} or above it. Run dwcp from a clone or from an unpacked release.");
    }
}
