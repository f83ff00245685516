namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>Hears of a message; its bytes are valid during the call.</summary>
internal delegate void UcxMessageHandler(ReadOnlySpan<byte> message);
