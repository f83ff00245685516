namespace NovaCron.Dwcp.Rehearsal.Spdy;

/// <summary>A frame as it came.</summary>
/// <param name="Type">Its type; a control type that nobody here knows keeps its number.</param>
/// <param name="Stream">Stream of a data frame; 0 for control frames, which name theirs in the payload.</param>
/// <param name="IsLast">Whether the sender will send no more on the stream.</param>
/// <param name="Payload">What follows the 8 bytes of the frame's head.</param>
internal readonly record struct SpdyFrame(SpdyFrameType Type, int Stream, bool IsLast, ReadOnlyMemory<byte> Payload);
