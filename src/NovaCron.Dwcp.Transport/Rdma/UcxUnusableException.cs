namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>A client could not make its side of a UCX stream: no device, no memory, no way to the peer. Nothing has travelled, and the node was told; another carrier may.</summary>
internal sealed class UcxUnusableException(DwcpTransferException cause) : DwcpTransferException(DwcpErrorCode.BulkUnavailable, DwcpFault.Client, cause.Message, cause);
