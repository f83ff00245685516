namespace NovaCron.Dwcp.Codec;

/// <summary>What a decoder may use. Limits are the caller's; what a frame announces is checked against them, never the other way round.</summary>
public sealed record DwcpDecoderOptions
{
    /// <summary>The memory limit by default, bytes.</summary>
    public const long DefaultMemoryLimit = 128L << 20;

    /// <summary>The defaults: 128 MiB, one thread per processor, content of any length.</summary>
    public static DwcpDecoderOptions Default { get; } = new();

    /// <summary>The most bytes that buffers and tables take together. Fewer threads run when it does not hold all of them.</summary>
    public long MemoryLimit { get; init; } = DefaultMemoryLimit;

    /// <summary>Blocks decoded at once, 1 or more.</summary>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>The dictionary for frames that name one; null where none do.</summary>
    public DwcpDictionary? Dictionary { get; init; }

    /// <summary>The most content that is accepted, bytes.</summary>
    public long MaxContentLength { get; init; } = long.MaxValue;
}
