namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>What a transfer counts while it runs. Every member is thread-safe.</summary>
public sealed class TransferCounters
{
    private long _userBytes;
    private long _entries;
    private long _chunkBytesSent;
    private long _skippedBytes;
    private long _zeroBytes;
    private long _committedChunkBytes;
    private long _similarBytes;

    /// <summary>User bytes that the receiver has for certain, in this attempt.</summary>
    public long UserBytes => Interlocked.Read(ref _userBytes);

    /// <summary>Entries handled in this attempt.</summary>
    public long Entries => Interlocked.Read(ref _entries);

    /// <summary>Raw bytes of chunks that travelled, over all attempts.</summary>
    public long ChunkBytes => Interlocked.Read(ref _chunkBytesSent);

    /// <summary>Raw bytes of chunks that the receiver had already, in this attempt.</summary>
    public long SkippedBytes => Interlocked.Read(ref _skippedBytes);

    /// <summary>Bytes of zeros, which never travel, in this attempt.</summary>
    public long ZeroBytes => Interlocked.Read(ref _zeroBytes);

    /// <summary>Raw bytes of chunks that had to travel once for the object to arrive, over all attempts: what was asked for and acknowledged.</summary>
    public long ObjectChunkBytes => Interlocked.Read(ref _committedChunkBytes);

    /// <summary>Raw bytes of chunks that travelled as differences from similar ones that the receiver had, over all attempts.</summary>
    public long SimilarBytes => Interlocked.Read(ref _similarBytes);

    /// <summary>Service times of chunk batches as this side saw them: from sending to the receiver's acknowledgement.</summary>
    public LatencyHistogram ChunkServiceTimes { get; } = new();

    /// <summary>Adds user bytes.</summary>
    public void AddUserBytes(long bytes) => Interlocked.Add(ref _userBytes, bytes);

    /// <summary>Adds entries.</summary>
    public void AddEntries(long entries) => Interlocked.Add(ref _entries, entries);

    /// <summary>Adds raw bytes of chunks that travelled.</summary>
    public void AddChunkBytes(long bytes) => Interlocked.Add(ref _chunkBytesSent, bytes);

    /// <summary>Adds raw bytes of chunks that travelled as differences.</summary>
    public void AddSimilar(long bytes) => Interlocked.Add(ref _similarBytes, bytes);

    /// <summary>Adds raw bytes of chunks that the receiver has made safe; they need not travel again.</summary>
    public void AddSafeChunkBytes(long bytes)
    {
        Interlocked.Add(ref _committedChunkBytes, bytes);
        AddUserBytes(bytes);
    }

    /// <summary>Adds zeros.</summary>
    public void AddZeros(long bytes)
    {
        Interlocked.Add(ref _zeroBytes, bytes);
        AddUserBytes(bytes);
    }

    /// <summary>Adds raw bytes that did not have to travel.</summary>
    public void AddSkipped(long bytes)
    {
        Interlocked.Add(ref _skippedBytes, bytes);
        AddUserBytes(bytes);
    }

    /// <summary>A new attempt begins: what counts per attempt begins at 0 again.</summary>
    public void BeginAttempt()
    {
        Interlocked.Exchange(ref _userBytes, 0);
        Interlocked.Exchange(ref _entries, 0);
        Interlocked.Exchange(ref _skippedBytes, 0);
        Interlocked.Exchange(ref _zeroBytes, 0);
    }
}
