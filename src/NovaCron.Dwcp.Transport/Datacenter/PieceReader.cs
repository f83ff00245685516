namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>Reads a whole piece.</summary>
internal delegate void PieceReader(long piece, Span<byte> destination);
