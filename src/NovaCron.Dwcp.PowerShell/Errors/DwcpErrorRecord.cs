using System.Management.Automation;
using System.Net.Sockets;
using System.Security.Authentication;

namespace NovaCron.Dwcp.PowerShell.Errors;

/// <summary>Turns the services' exceptions into error records: a stable id, a category, the target, and what to do.</summary>
internal static class DwcpErrorRecord
{
    /// <summary>Whether the exception is a failure to report; a stopped pipeline and PowerShell's own errors pass through as they are.</summary>
    public static bool Describes(Exception error) => error is not (PipelineStoppedException or RuntimeException);

    public static ErrorRecord From(Exception error, object? target)
    {
        var (id, category, remedy) = Classify(error);
        var record = new ErrorRecord(error, id, category, target);
        if (remedy is not null)
            record.ErrorDetails = new ErrorDetails(error.Message) { RecommendedAction = remedy };
        return record;
    }

    private static (string Id, ErrorCategory Category, string? Remedy) Classify(Exception error) => error switch
    {
        OperationCanceledException => ("Dwcp.TimedOut", ErrorCategory.OperationTimeout, null),
        UnauthorizedAccessException => ("Dwcp.AccessDenied", ErrorCategory.PermissionDenied, null),
        FileNotFoundException or DirectoryNotFoundException => ("Dwcp.PathNotFound", ErrorCategory.ObjectNotFound, null),
        ArgumentException => ("Dwcp.InvalidArgument", ErrorCategory.InvalidArgument, null),
        AuthenticationException => ("Dwcp.AuthenticationFailed", ErrorCategory.AuthenticationError, null),
        SocketException => ("Dwcp.ConnectionFailed", ErrorCategory.ConnectionError, null),
        IOException => ("Dwcp.InputOutput", ErrorCategory.WriteError, null),
        _ => ("Dwcp.Unexpected", ErrorCategory.NotSpecified, "This is a defect of NovaCron: please report it with the output of Get-Error."),
    };
}
