namespace NovaCron.Dwcp.Rehearsal.Spdy;

/// <summary>The peer does not speak SPDY/3.1 as specified; the connection ends.</summary>
internal sealed class SpdyException(string message, Exception? innerException = null) : IOException(message, innerException);
