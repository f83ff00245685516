namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>One level of one codec, whole buffer to whole buffer, one thread.</summary>
internal interface ICodec
{
    /// <summary>zstd, xz, brotli, lz4 or dwcp.</summary>
    string Family { get; }

    /// <summary>Family and level.</summary>
    string Name { get; }

    string Version { get; }

    /// <summary>Bytes that are coded on their own anyway, so that several threads may take one each; 0 = the whole buffer.</summary>
    int Granularity => 0;

    int MaxEncoded(int length);

    int Encode(ReadOnlySpan<byte> source, Span<byte> destination);

    void Decode(ReadOnlySpan<byte> source, Span<byte> destination);
}
