namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Frames inside an opened datagram; docs/format.md, "Datagrams". Numbers follow QUIC's (RFC 9000, section 19) where the meaning is the same.</summary>
internal enum FrameKind : byte
{
    /// <summary>A zero byte; fills a datagram.</summary>
    Padding = 0x00,

    /// <summary>Asks for an acknowledgement.</summary>
    Ping = 0x01,

    /// <summary>Packet numbers that came.</summary>
    Acknowledgement = 0x02,

    /// <summary>The sender of a stream gives it up.</summary>
    ResetStream = 0x04,

    /// <summary>The reader of a stream wants no more of it.</summary>
    StopSending = 0x05,

    /// <summary>Bytes of a stream.</summary>
    Stream = 0x08,

    /// <summary>The last bytes of a stream.</summary>
    StreamEnd = 0x09,

    /// <summary>How many bytes of all streams together may be sent.</summary>
    MaximumData = 0x10,

    /// <summary>How many bytes of one stream may be sent.</summary>
    MaximumStreamData = 0x11,

    /// <summary>How many streams the peer may open.</summary>
    MaximumStreams = 0x12,

    /// <summary>Eight bytes that must come back from the address under test.</summary>
    PathChallenge = 0x1a,

    /// <summary>The answer to a challenge.</summary>
    PathResponse = 0x1b,

    /// <summary>The end of the connection: code and reason.</summary>
    Close = 0x1c,
}
