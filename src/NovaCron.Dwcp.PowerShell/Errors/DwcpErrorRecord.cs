using System.Management.Automation;
using NovaCron.Dwcp.Aws;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Operations.Cluster;
using NovaCron.Dwcp.Operations.Rollout;
using NovaCron.Dwcp.Operations.Staging;
using NovaCron.Dwcp.Operations.Validation;
using NovaCron.Dwcp.Transport;

namespace NovaCron.Dwcp.PowerShell.Errors;

/// <summary>Turns the services' exceptions into error records: a stable id, a category, the target, and what to do.</summary>
internal static class DwcpErrorRecord
{
    /// <summary>Whether the exception is a failure to report; a stopped pipeline and PowerShell's own errors pass through as they are.</summary>
    public static bool Describes(Exception error) => error is not (PipelineStoppedException or RuntimeException);

    public static ErrorRecord From(Exception error, object? target)
    {
        var (id, category, remedy, about) = Classify(error);
        var record = new ErrorRecord(error, id, category, about ?? target);
        if (remedy is not null)
            record.ErrorDetails = new ErrorDetails(Without(error.Message, remedy)) { RecommendedAction = remedy };
        return record;
    }

    /// <summary>The message without the remedy at its end: hosts show the recommended action below the message, and nobody reads it twice.</summary>
    private static string Without(string message, string remedy) =>
        message.EndsWith(remedy, StringComparison.Ordinal) && message.Length > remedy.Length ? message[..^remedy.Length].TrimEnd() : message;

    private static (string Id, ErrorCategory Category, string? Remedy, object? Target) Classify(Exception error) => error switch
    {
        DwcpClusterException cluster => ($"Dwcp.Cluster.{cluster.Failure}", CategoryOf(cluster.Failure), cluster.Remedy, cluster.Target),
        DwcpStagingException staging => ($"Dwcp.Staging.{staging.Stage}", ErrorCategory.InvalidOperation, staging.Remedy, staging.Target),
        DwcpAwsException aws => ("Dwcp.Aws.Refused", ErrorCategory.ResourceUnavailable, aws.Remedy, aws.Target),
        ManifestException manifest => ("Dwcp.Manifest.Invalid", ErrorCategory.ParserError, null, $"{manifest.File}:{manifest.Line}"),
        DwcpValidationException validation => ("Dwcp.Validation.Refused", ErrorCategory.InvalidOperation, validation.Remedy, validation.Target),
        DwcpRolloutException rollout => ($"Dwcp.Rollout.{rollout.Reason}", ErrorCategory.InvalidOperation, null, null),
        DwcpTransferException transfer => ($"Dwcp.Transfer.{transfer.Code}", CategoryOf(transfer.Code), null, null),
        DwcpFormatException => ("Dwcp.Format.Invalid", ErrorCategory.InvalidData, null, null),
        OperationCanceledException => ("Dwcp.TimedOut", ErrorCategory.OperationTimeout, null, null),
        UnauthorizedAccessException => ("Dwcp.AccessDenied", ErrorCategory.PermissionDenied, "Check the permissions of the path.", null),
        FileNotFoundException or DirectoryNotFoundException => ("Dwcp.PathNotFound", ErrorCategory.ObjectNotFound, "Check the path.", null),
        ArgumentException => ("Dwcp.InvalidArgument", ErrorCategory.InvalidArgument, null, null),
        IOException => ("Dwcp.InputOutput", ErrorCategory.WriteError, null, null),
        _ => ("Dwcp.Unexpected", ErrorCategory.NotSpecified, "This is a defect of NovaCron: please report it with the output of Get-Error.", null),
    };

    private static ErrorCategory CategoryOf(ClusterFailure failure) => failure switch
    {
        ClusterFailure.Configuration => ErrorCategory.InvalidArgument,
        ClusterFailure.Unreachable => ErrorCategory.ConnectionError,
        ClusterFailure.Timeout => ErrorCategory.OperationTimeout,
        ClusterFailure.Unauthorized => ErrorCategory.AuthenticationError,
        ClusterFailure.Forbidden => ErrorCategory.PermissionDenied,
        ClusterFailure.NotFound => ErrorCategory.ObjectNotFound,
        ClusterFailure.Conflict => ErrorCategory.ResourceBusy,
        ClusterFailure.Invalid => ErrorCategory.InvalidData,
        ClusterFailure.Expired or ClusterFailure.Throttled => ErrorCategory.ResourceUnavailable,
        _ => ErrorCategory.ResourceUnavailable,
    };

    private static ErrorCategory CategoryOf(DwcpErrorCode code) => code switch
    {
        DwcpErrorCode.ConnectionFailed => ErrorCategory.ConnectionError,
        DwcpErrorCode.UntrustedPeer => ErrorCategory.SecurityError,
        DwcpErrorCode.NotAuthenticated => ErrorCategory.AuthenticationError,
        DwcpErrorCode.NotPermitted => ErrorCategory.PermissionDenied,
        DwcpErrorCode.ProtocolViolation or DwcpErrorCode.NoCommonVersion => ErrorCategory.ProtocolError,
        DwcpErrorCode.InvalidPath or DwcpErrorCode.InvalidRequest => ErrorCategory.InvalidArgument,
        DwcpErrorCode.CorruptChunk or DwcpErrorCode.ManifestMismatch or DwcpErrorCode.TruncatedManifest or DwcpErrorCode.StoredDataCorrupt => ErrorCategory.InvalidData,
        DwcpErrorCode.NotFound => ErrorCategory.ObjectNotFound,
        DwcpErrorCode.QuotaExceeded or DwcpErrorCode.LimitExceeded => ErrorCategory.QuotaExceeded,
        DwcpErrorCode.DiskFull or DwcpErrorCode.StorageFailed => ErrorCategory.WriteError,
        DwcpErrorCode.Busy or DwcpErrorCode.Draining or DwcpErrorCode.VersionChanged => ErrorCategory.ResourceBusy,
        DwcpErrorCode.TimedOut => ErrorCategory.OperationTimeout,
        DwcpErrorCode.LocalFile => ErrorCategory.ReadError,
        _ => ErrorCategory.NotSpecified,
    };
}
