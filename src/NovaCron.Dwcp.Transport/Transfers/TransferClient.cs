namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>
/// Sends to and receives from nodes: connects, speaks the version that the node tells it, retries with back-off, resumes.
/// Thread-safe; keeps idle sessions for reuse until disposed.
/// </summary>
public sealed class TransferClient : IAsyncDisposable
{
    private readonly IReadOnlyList<IClientProtocol> _protocols;
    private readonly TimeProvider _time;

    /// <param name="protocols">The versions it can speak.</param>
    /// <param name="time">The clock; the system's by default.</param>
    public TransferClient(IReadOnlyList<IClientProtocol> protocols, TimeProvider? time = null)
    {
        _protocols = protocols;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Sends the source as the object that the request names; returns after the node's durable, verified commit.</summary>
    /// <exception cref="DwcpTransferException">It failed for good.</exception>
    public Task<TransferResult> SendAsync(
        TransferRequest request, TransferSource source, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException($"{_protocols.Count} {_time}");

    /// <summary>Receives the object that the request names, verified.</summary>
    /// <exception cref="DwcpTransferException">It failed for good.</exception>
    public Task<TransferResult> ReceiveAsync(
        TransferRequest request, TransferSink sink, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Objects on the node whose path begins with the request's.</summary>
    public Task<IReadOnlyList<RemoteObject>> ListAsync(TransferRequest request, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Deletes the object that the request names; false when there was none.</summary>
    public Task<bool> DeleteAsync(TransferRequest request, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Closes the idle sessions.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
