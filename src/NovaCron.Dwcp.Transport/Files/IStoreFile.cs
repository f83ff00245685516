namespace NovaCron.Dwcp.Transport.Files;

/// <summary>An open file of a store. Nothing written is durable before <see cref="Sync"/> returns.</summary>
internal interface IStoreFile : IDisposable
{
    long Length { get; }

    int Read(Span<byte> destination, long offset);

    void Write(ReadOnlySpan<byte> data, long offset);

    void Truncate(long length);

    /// <summary>Makes the file so long, with its space reserved where the file system can.</summary>
    void Reserve(long length);

    void Sync();
}
