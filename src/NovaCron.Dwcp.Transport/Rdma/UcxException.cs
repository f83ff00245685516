namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>A call of UCX failed.</summary>
internal sealed class UcxException(int status, string message) : DwcpTransferException(
    status is -17 or -4 or -21 ? DwcpErrorCode.BulkUnavailable : DwcpErrorCode.ConnectionFailed,
    status is -17 or -4 or -21 ? DwcpFault.Client : DwcpFault.Network,
    message)
{
    /// <summary>UCX's own code (ucs/type/status.h).</summary>
    public int Status { get; } = status;
}
