using Spectre.Console;

namespace NovaCron.Dwcp.Tool.Screens;

/// <summary>Chooses the screen that the output can show.</summary>
internal static class ScreenFactory
{
    /// <summary>A live screen on a terminal that understands escape sequences; plain lines everywhere else, and where NO_COLOR or TERM=dumb ask for them.</summary>
    public static IScreen Create() =>
        Console.IsOutputRedirected || Environment.GetEnvironmentVariable("TERM") is "dumb" || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 }
            ? new PlainScreen(Console.Out, Console.Error, TimeProvider.System)
            : new LiveScreen(AnsiConsole.Console, TimeProvider.System);
}
