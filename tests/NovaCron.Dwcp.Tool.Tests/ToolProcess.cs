using System.Diagnostics;

namespace NovaCron.Dwcp.Tool.Tests;

/// <summary>The built <c>dwcp</c>, run as an operator runs it, with its output in pipes.</summary>
internal static class ToolProcess
{
    /// <summary>The repository: where NovaCron.psd1 is.</summary>
    public static string Root { get; } = FindRoot();

    private static string Program { get; } = Path.Combine(
        Root, "src", "NovaCron.Dwcp.Tool", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "dwcp.dll");

    public static Process Start(params IReadOnlyList<string> arguments)
    {
        var process = StartWithInput(arguments);
        process.StandardInput.Close();
        return process;
    }

    /// <summary>Starts it with an input that the caller writes and closes.</summary>
    public static Process StartWithInput(params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(params IReadOnlyList<string> arguments)
    {
        using var process = Start(arguments);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    private static string FindRoot()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "NovaCron.psd1")))
                return directory.FullName;
        throw new InvalidOperationException($"NovaCron.psd1 was not found above {AppContext.BaseDirectory}.");
    }
}
