namespace NovaCron.Dwcp.Tool.CommandLine;

/// <summary>Ends the program with a message and an exit code.</summary>
internal sealed class ToolException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public static ToolException Usage(string message) => new(CommandLine.ExitCode.Usage, message);
}
