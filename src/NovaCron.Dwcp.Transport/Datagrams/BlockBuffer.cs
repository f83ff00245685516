using System.Buffers;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>A window of a byte stream in pooled blocks: written at any offset of the window, freed from its start.</summary>
internal sealed class BlockBuffer
{
    /// <summary>Bytes of a block.</summary>
    public const int BlockSize = 64 * 1024;

    private readonly List<byte[]?> _blocks = [];
    private long _firstBlock;

    /// <summary>Bytes of memory held.</summary>
    public long Held { get; private set; }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var index = (int)((offset / BlockSize) - _firstBlock);
            while (_blocks.Count <= index) _blocks.Add(null);
            if (_blocks[index] is not { } block)
            {
                _blocks[index] = block = ArrayPool<byte>.Shared.Rent(BlockSize);
                Held += BlockSize;
            }

            var at = (int)(offset % BlockSize);
            var count = Math.Min(bytes.Length, BlockSize - at);
            bytes[..count].CopyTo(block.AsSpan(at));
            bytes = bytes[count..];
            offset += count;
        }
    }

    public void Read(long offset, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            var block = _blocks[(int)((offset / BlockSize) - _firstBlock)]!;
            var at = (int)(offset % BlockSize);
            var count = Math.Min(destination.Length, BlockSize - at);
            block.AsSpan(at, count).CopyTo(destination);
            destination = destination[count..];
            offset += count;
        }
    }

    /// <summary>What lies before <paramref name="offset"/> is not needed any more.</summary>
    public void FreeTo(long offset)
    {
        var free = (int)Math.Min((offset / BlockSize) - _firstBlock, _blocks.Count);
        for (var i = 0; i < free; i++) Return(_blocks[i]);
        if (free > 0) _blocks.RemoveRange(0, free);
        _firstBlock = Math.Max(_firstBlock, offset / BlockSize);
    }

    public void Clear()
    {
        foreach (var block in _blocks) Return(block);
        _blocks.Clear();
    }

    private void Return(byte[]? block)
    {
        if (block is null) return;
        Held -= BlockSize;
        ArrayPool<byte>.Shared.Return(block);
    }
}
