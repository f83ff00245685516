namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Wakes the thread of a socket carrier when the session has news for it.</summary>
internal sealed class SocketSignal : IDisposable
{
    private readonly SemaphoreSlim _news = new(0);
    private volatile bool _aborted;

    public void Wait()
    {
        if (!_aborted) _news.Wait();
        if (_aborted) throw Broken(null);
    }

    public void Set()
    {
        if (_news.CurrentCount == 0) _news.Release();
    }

    public void Abort()
    {
        _aborted = true;
        _news.Release();
    }

    public void Dispose() => _news.Dispose();

    public static DwcpTransferException Broken(Exception? cause) => new(
        DwcpErrorCode.ConnectionFailed, DwcpFault.Network, cause is null ? "The bulk connection ended inside an extent." : $"The bulk connection broke: {cause.Message}", cause);
}
