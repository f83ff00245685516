namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>Receives an object that is one file into memory.</summary>
public sealed class MemorySink : TransferSink
{
    internal MemorySink(int maximumBytes) => MaximumBytes = maximumBytes;

    /// <summary>Most bytes that it takes.</summary>
    public int MaximumBytes { get; }

    /// <summary>The verified bytes; empty until the transfer ended.</summary>
    public ReadOnlyMemory<byte> Bytes { get; internal set; }
}
