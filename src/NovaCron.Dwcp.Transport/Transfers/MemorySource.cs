namespace NovaCron.Dwcp.Transport.Transfers;

internal sealed class MemorySource(ReadOnlyMemory<byte> bytes, DateTimeOffset modifiedAt) : TransferSource
{
    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public DateTimeOffset ModifiedAt { get; } = modifiedAt;
}
