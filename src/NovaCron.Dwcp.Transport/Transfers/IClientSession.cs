namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>An open session with a node. One request at a time.</summary>
public interface IClientSession : IAsyncDisposable
{
    /// <summary>False once the connection broke or the node said goodbye; such a session takes no new request.</summary>
    bool IsUsable { get; }

    /// <summary>Sends the source's entries as the object at <paramref name="path"/>; returns after the node's durable commit.</summary>
    Task<ContentHash> SendAsync(string path, TransferSource source, TransferContext context, CancellationToken cancellationToken);

    /// <summary>Receives the object at <paramref name="path"/> into the sink, verified.</summary>
    Task<ContentHash> ReceiveAsync(string path, TransferSink sink, TransferContext context, CancellationToken cancellationToken);

    /// <summary>Objects whose path begins with <paramref name="prefix"/>.</summary>
    Task<IReadOnlyList<RemoteObject>> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Deletes the object at <paramref name="path"/>; false when there was none.</summary>
    Task<bool> DeleteAsync(string path, CancellationToken cancellationToken);
}
