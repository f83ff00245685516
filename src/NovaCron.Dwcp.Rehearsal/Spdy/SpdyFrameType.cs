namespace NovaCron.Dwcp.Rehearsal.Spdy;

/// <summary>Types of SPDY/3.1 frames that a forwarding knows (draft-mbelshe-httpbis-spdy-00, section 2.6); data frames have no number on the wire.</summary>
internal enum SpdyFrameType
{
    Data = 0,
    SynStream = 1,
    SynReply = 2,
    ResetStream = 3,
    Ping = 6,
    Headers = 8,
}
