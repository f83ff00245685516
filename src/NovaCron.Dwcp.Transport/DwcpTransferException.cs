namespace NovaCron.Dwcp.Transport;

/// <summary>A transfer, a session or the store failed. The message says what happened, to what, and what to do.</summary>
public class DwcpTransferException : Exception
{
    /// <param name="code">Stable code.</param>
    /// <param name="fault">Whose doing it is.</param>
    /// <param name="message">What happened, to what, what to do. Never contains a credential.</param>
    /// <param name="innerException">The cause, if another exception is.</param>
    public DwcpTransferException(DwcpErrorCode code, DwcpFault fault, string message, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Fault = fault;
    }

    /// <summary>Stable code.</summary>
    public DwcpErrorCode Code { get; }

    /// <summary>Whose doing it is.</summary>
    public DwcpFault Fault { get; }

    /// <summary>True when the same request may succeed if sent again: the network, a busy or draining node, a changed split, a server-side failure.</summary>
    public bool IsTransient => Code is DwcpErrorCode.ConnectionFailed or DwcpErrorCode.Busy or DwcpErrorCode.Draining or DwcpErrorCode.VersionChanged
        or DwcpErrorCode.TimedOut or DwcpErrorCode.ServerFailure or DwcpErrorCode.StorageFailed or DwcpErrorCode.CorruptChunk;
}
