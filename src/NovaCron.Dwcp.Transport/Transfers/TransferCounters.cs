namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>What a transfer counts while it runs. Every member is thread-safe.</summary>
public sealed class TransferCounters
{
    private long _userBytes;
    private long _entries;
    private long _wireBytesSent;
    private long _wireBytesReceived;
    private long _chunkBytesSent;
    private long _skippedBytes;

    /// <summary>User bytes that the receiver has for certain, in this attempt.</summary>
    public long UserBytes => Interlocked.Read(ref _userBytes);

    /// <summary>Entries handled in this attempt.</summary>
    public long Entries => Interlocked.Read(ref _entries);

    /// <summary>Protocol bytes sent by this side, before TLS, over all attempts.</summary>
    public long WireBytesSent => Interlocked.Read(ref _wireBytesSent);

    /// <summary>Protocol bytes received by this side, before TLS, over all attempts.</summary>
    public long WireBytesReceived => Interlocked.Read(ref _wireBytesReceived);

    /// <summary>Raw bytes of chunks that travelled, over all attempts.</summary>
    public long ChunkBytes => Interlocked.Read(ref _chunkBytesSent);

    /// <summary>Raw bytes of chunks that the receiver had already, in this attempt.</summary>
    public long SkippedBytes => Interlocked.Read(ref _skippedBytes);

    /// <summary>Service times of chunk batches as this side saw them: from sending to the receiver's acknowledgement.</summary>
    public LatencyHistogram ChunkServiceTimes { get; } = new();

    /// <summary>Adds user bytes.</summary>
    public void AddUserBytes(long bytes) => Interlocked.Add(ref _userBytes, bytes);

    /// <summary>Adds entries.</summary>
    public void AddEntries(long entries) => Interlocked.Add(ref _entries, entries);

    /// <summary>Adds protocol bytes sent.</summary>
    public void AddWireSent(long bytes) => Interlocked.Add(ref _wireBytesSent, bytes);

    /// <summary>Adds protocol bytes received.</summary>
    public void AddWireReceived(long bytes) => Interlocked.Add(ref _wireBytesReceived, bytes);

    /// <summary>Adds raw bytes of chunks that travelled.</summary>
    public void AddChunkBytes(long bytes) => Interlocked.Add(ref _chunkBytesSent, bytes);

    /// <summary>Adds raw bytes that did not have to travel.</summary>
    public void AddSkipped(long bytes) => Interlocked.Add(ref _skippedBytes, bytes);

    /// <summary>A new attempt begins: what counts per attempt begins at 0 again.</summary>
    public void BeginAttempt()
    {
        Interlocked.Exchange(ref _userBytes, 0);
        Interlocked.Exchange(ref _entries, 0);
        Interlocked.Exchange(ref _skippedBytes, 0);
    }
}
