namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Expanded bytes and entries that a running transfer declared, held against the principal's limits until it ends.</summary>
internal sealed class QuotaCharge(PrincipalStore store) : IDisposable
{
    private long _bytes;
    private int _entries;

    /// <exception cref="DwcpTransferException">The quota does not allow it; code <see cref="DwcpErrorCode.QuotaExceeded"/>.</exception>
    public void Add(long bytes)
    {
        store.Charge(bytes);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <exception cref="DwcpTransferException">The principal sends too many entries at once; code <see cref="DwcpErrorCode.LimitExceeded"/>.</exception>
    public void AddEntry()
    {
        store.ChargeEntries(1);
        Interlocked.Increment(ref _entries);
    }

    public void Dispose()
    {
        store.Uncharge(Interlocked.Exchange(ref _bytes, 0));
        store.UnchargeEntries(Interlocked.Exchange(ref _entries, 0));
    }
}
