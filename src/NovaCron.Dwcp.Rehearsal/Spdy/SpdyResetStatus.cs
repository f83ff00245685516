namespace NovaCron.Dwcp.Rehearsal.Spdy;

/// <summary>Why a stream is reset (draft-mbelshe-httpbis-spdy-00, section 2.6.3).</summary>
internal enum SpdyResetStatus
{
    ProtocolError = 1,
    RefusedStream = 3,
    Cancel = 5,
}
