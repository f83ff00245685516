using NovaCron.Dwcp.Tool.CommandLine;
using NovaCron.Dwcp.Tool.Hosting;
using NovaCron.Dwcp.Tool.Screens;

namespace NovaCron.Dwcp.Tool.Commands;

/// <summary><c>dwcp run FILE.ps1 [-Name value ...]</c></summary>
internal static class RunCommand
{
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count == 0)
            throw ToolException.Usage("dwcp run: FILE.ps1 is missing. 'dwcp help' shows how it is called.");
        var script = RunbookScript.Load(arguments[0]);
        var parameters = script.Bind([.. arguments.Skip(1)]);
        using var screen = ScreenFactory.Create();
        return await RunbookRunner.RunAsync(script, parameters, screen, cancellationToken).ConfigureAwait(false);
    }
}
