namespace NovaCron.Dwcp.Transport.Protocol;

/// <summary>First byte of a v3 frame (docs/format.md, "Frames"). Numbers are never reused.</summary>
internal enum FrameType : byte
{
    Open = 1,
    OpenReply = 2,
    Error = 3,
    GoAway = 4,
    Ping = 5,
    Pong = 6,
    Close = 7,
    Carrier = 8,
    CarrierReply = 9,
    Put = 10,
    Segment = 11,
    SegmentAnswer = 12,
    Chunks = 13,
    Acknowledged = 14,
    Commit = 15,
    Committed = 16,
    Join = 17,
    Joined = 18,
    Similar = 19,
    Get = 20,
    GetReply = 21,
    List = 30,
    ListReply = 31,
    Delete = 32,
    DeleteReply = 33,

    // The bulk path: an extension that only peers with the feature bit speak.
    BulkPut = 40,
    BulkGet = 41,
    BulkPutAnswer = 42,
    BulkGetAnswer = 43,
    BulkBegin = 44,
    Extent = 45,
    ExtentVerified = 46,
    BulkVerified = 47,
    BulkDigest = 48,
    BulkProgress = 49,
}
