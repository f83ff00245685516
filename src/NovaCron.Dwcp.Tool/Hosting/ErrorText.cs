using System.Management.Automation;
using NovaCron.Dwcp.Tool.Screens;

namespace NovaCron.Dwcp.Tool.Hosting;

/// <summary>An error as an operator reads it: what happened, what to do, where, and the stable id to search for.</summary>
internal static class ErrorText
{
    public static void Write(IScreen screen, ErrorRecord error)
    {
        var message = error.ErrorDetails?.Message ?? error.Exception.Message;
        screen.WriteLine(LineKind.Error, $"ERROR: {message}");
        if (error.ErrorDetails?.RecommendedAction is { Length: > 0 } action && !message.Contains(action, StringComparison.Ordinal))
            screen.WriteLine(LineKind.Error, $"  What to do: {action}");
        if (error.InvocationInfo is { ScriptLineNumber: > 0 } where)
            screen.WriteLine(LineKind.Error, $"  At {Path.GetFileName(where.ScriptName)}:{where.ScriptLineNumber}: {where.Line.Trim()}");
        // What a script throws as text has that text as its id: nobody searches for that.
        if (error.FullyQualifiedErrorId != message)
            screen.WriteLine(LineKind.Error, $"  Id: {error.FullyQualifiedErrorId}");
    }
}
