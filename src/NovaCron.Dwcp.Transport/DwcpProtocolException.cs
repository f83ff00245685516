namespace NovaCron.Dwcp.Transport;

/// <summary>The peer broke the protocol of docs/format.md: a malformed frame, a field out of bounds, a frame at the wrong time.</summary>
public sealed class DwcpProtocolException : DwcpTransferException
{
    /// <param name="message">What was wrong.</param>
    public DwcpProtocolException(string message)
        : base(DwcpErrorCode.ProtocolViolation, DwcpFault.Client, message)
    {
    }

    /// <param name="code">A more telling code.</param>
    /// <param name="message">What was wrong.</param>
    public DwcpProtocolException(DwcpErrorCode code, string message)
        : base(code, DwcpFault.Client, message)
    {
    }
}
