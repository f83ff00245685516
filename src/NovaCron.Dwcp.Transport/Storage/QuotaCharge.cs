namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Expanded bytes that a running transfer declared, held against the principal's quota until it ends.</summary>
internal sealed class QuotaCharge(PrincipalStore store) : IDisposable
{
    private long _bytes;

    /// <exception cref="DwcpTransferException">The quota does not allow it; code <see cref="DwcpErrorCode.QuotaExceeded"/>.</exception>
    public void Add(long bytes)
    {
        store.Charge(bytes);
        Interlocked.Add(ref _bytes, bytes);
    }

    public void Dispose() => store.Uncharge(Interlocked.Exchange(ref _bytes, 0));
}
