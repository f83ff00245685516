using System.Buffers;

namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>A received frame; owns its pooled payload until disposed.</summary>
internal sealed class Frame(FrameType type, int stream, byte[] buffer, int length) : IDisposable
{
    private byte[]? _buffer = buffer;

    public FrameType Type { get; } = type;

    /// <summary>The stream that it belongs to; 0 is the session itself.</summary>
    public int Stream { get; } = stream;

    public int Length { get; } = length;

    public ReadOnlyMemory<byte> Payload => _buffer is { } bytes ? bytes.AsMemory(0, Length) : throw new ObjectDisposedException(nameof(Frame));

    /// <summary>A frame that owns the payload from now on; this one is empty.</summary>
    public Frame Take() => new(Type, Stream, Interlocked.Exchange(ref _buffer, null) ?? throw new ObjectDisposedException(nameof(Frame)), Length);

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { Length: > 0 } bytes) ArrayPool<byte>.Shared.Return(bytes);
    }
}
