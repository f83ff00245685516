namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Bytes to send by the bulk path.</summary>
internal interface IExtentSource
{
    /// <summary>Bytes in all.</summary>
    long Length { get; }

    /// <summary>Reads a whole piece.</summary>
    /// <exception cref="DwcpTransferException">It cannot be read, or is shorter than it was.</exception>
    void ReadPiece(long piece, Span<byte> destination);
}
