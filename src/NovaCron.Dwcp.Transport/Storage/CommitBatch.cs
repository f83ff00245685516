using System.Buffers;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Chunks that become durable together.</summary>
internal sealed class CommitBatch(Pack pack, long baseOffset, long firstAppended)
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _buffer = [];

    public Pack Pack { get; } = pack;

    public long BaseOffset { get; } = baseOffset;

    public List<(ContentHash Hash, ChunkLocation Location)> Records { get; } = [];

    /// <summary>Super-features of the records' chunks, as far as the sender told them.</summary>
    public List<ChunkFeatures> Features { get; } = [];

    public int Length { get; private set; }

    public long FirstAppended { get; } = firstAppended;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    /// <summary>Completes when the batch is durable; fails when it will never be.</summary>
    public Task Done => _done.Task;

    public long Append(ReadOnlySpan<byte> payload, int capacity)
    {
        if (_buffer.Length - Length < payload.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + payload.Length, Math.Min(capacity, Math.Max(64 * 1024, _buffer.Length * 2))));
            Written.CopyTo(larger);
            Release();
            _buffer = larger;
        }

        payload.CopyTo(_buffer.AsSpan(Length));
        var offset = BaseOffset + Length;
        Length += payload.Length;
        return offset;
    }

    public void Complete()
    {
        Release();
        _done.TrySetResult();
    }

    public void Fail(DwcpTransferException failure)
    {
        Release();
        _done.TrySetException(failure);
        _ = _done.Task.Exception; // observed: not every batch has someone who waits
    }

    private void Release()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
