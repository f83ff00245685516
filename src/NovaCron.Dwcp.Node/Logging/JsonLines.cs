using Microsoft.Extensions.Logging.Console;

namespace NovaCron.Dwcp.Node.Logging;

/// <summary>Sets the process' logging up.</summary>
internal static class JsonLines
{
    /// <summary>JSON lines on standard output, at <paramref name="level"/> and above; the framework only when it warns.</summary>
    public static void Configure(ILoggingBuilder logging, LogLevel level)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", level > LogLevel.Warning ? level : LogLevel.Warning);
        // A start that fails is told once, by the node itself.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.Critical);
        logging.AddConsole(options => options.FormatterName = JsonLineFormatter.FormatterName);
        logging.AddConsoleFormatter<JsonLineFormatter, ConsoleFormatterOptions>();
    }
}
