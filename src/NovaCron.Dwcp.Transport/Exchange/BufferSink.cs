using NovaCron.Dwcp.Transport.Objects;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>Receives an object that is one file into memory.</summary>
internal sealed class BufferSink(int maximumBytes) : IObjectSink
{
    private byte[] _bytes = [];
    private int _length;
    private readonly Dictionary<(ContentHash Hash, long Length), long> _chunks = [];

    /// <summary>The bytes, once committed.</summary>
    public ReadOnlyMemory<byte>? Committed { get; private set; }

    public void Admit(EntryHeader entry, long number)
    {
        if (entry.Kind != EntryKind.File || !entry.Path.IsRoot)
            throw new DwcpTransferException(DwcpErrorCode.InvalidRequest, DwcpFault.Client, "The object is not a single file; receive it to a path.");
        if (entry.Size is { } size) Grow(size);
    }

    public void AdmitBytes(long bytes) => Grow(_length + bytes);

    public bool Has(in ReceivedRecord record) => _chunks.ContainsKey((record.Record.Hash, record.Record.Length));

    public ValueTask<Task> StoreAsync(ReceivedRecord record, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> raw, CancellationToken cancellationToken)
    {
        raw.Span.CopyTo(_bytes.AsSpan((int)record.Offset));
        _chunks.TryAdd((record.Record.Hash, record.Record.Length), record.Offset);
        return ValueTask.FromResult(Task.CompletedTask);
    }

    public ValueTask CompleteSegmentAsync(IReadOnlyList<ReceivedRecord> records, CancellationToken cancellationToken)
    {
        foreach (var (record, _, offset) in records)
        {
            if (record.Kind != ManifestRecordKind.Chunk) continue;
            var from = _chunks[(record.Hash, record.Length)];
            if (from != offset) _bytes.AsSpan((int)from, (int)record.Length).CopyTo(_bytes.AsSpan((int)offset));
        }

        return ValueTask.CompletedTask;
    }

    public Task CommitAsync(ContentHash root, long bytes, long entries, CancellationToken cancellationToken)
    {
        Committed = _bytes.AsMemory(0, (int)bytes);
        return Task.CompletedTask;
    }

    public void Dispose() => _chunks.Clear();

    private void Grow(long size)
    {
        if (size > maximumBytes)
            throw new DwcpTransferException(DwcpErrorCode.LimitExceeded, DwcpFault.Client, $"The object has {size} bytes or more; the caller allows {maximumBytes} in memory.");
        if (size > _bytes.Length) Array.Resize(ref _bytes, (int)Math.Max(size, Math.Min(maximumBytes, _bytes.Length * 2L)));
        _length = (int)size;
    }
}
