namespace NovaCron.Dwcp.Transport.Files;

/// <summary>An open file of a store. Nothing written is durable before <see cref="Sync"/> returns.</summary>
internal interface IStoreFile : IDisposable
{
    long Length { get; }

    int Read(Span<byte> destination, long offset);

    void Write(ReadOnlySpan<byte> data, long offset);

    void Truncate(long length);

    void Sync();
}
