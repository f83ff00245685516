using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Files;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>A pack that a bulk transfer wrote, piece behind piece, read without the store's index.</summary>
internal sealed class PackExtentSource(IStoreFile pack, long bytes) : IExtentSource
{
    public long Length => bytes;

    public static long OffsetOf(long piece) => Storage.PackFormat.HeaderBytes + (piece * (BulkLimits.PieceBytes + 1));

    public void ReadPiece(long piece, Span<byte> destination)
    {
        if (pack.Read(destination, OffsetOf(piece) + 1) == destination.Length) return;
        throw new DwcpTransferException(DwcpErrorCode.StoredDataCorrupt, DwcpFault.Server, "The pack of a bulk object ends before one of its pieces. Send the object again.");
    }
}
