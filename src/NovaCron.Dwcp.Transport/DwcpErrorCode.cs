namespace NovaCron.Dwcp.Transport;

/// <summary>Stable codes of failures, as they travel in error frames (docs/format.md, "Errors"). Numbers are never reused.</summary>
public enum DwcpErrorCode
{
    /// <summary>Not classified; the message says what happened.</summary>
    Unknown = 0,

    /// <summary>The connection failed or broke. Never travels.</summary>
    ConnectionFailed = 1,

    /// <summary>The peer's certificate or the TLS handshake was refused. Never travels.</summary>
    UntrustedPeer = 2,

    /// <summary>Unknown API key or certificate.</summary>
    NotAuthenticated = 10,

    /// <summary>The principal may not do this.</summary>
    NotPermitted = 11,

    /// <summary>Malformed frame, field out of bounds, or a frame at the wrong time.</summary>
    ProtocolViolation = 20,

    /// <summary>None of the client's versions is spoken here.</summary>
    NoCommonVersion = 21,

    /// <summary>A path breaks the path rules.</summary>
    InvalidPath = 22,

    /// <summary>A chunk's bytes do not have the declared hash or checksum.</summary>
    CorruptChunk = 30,

    /// <summary>The manifest's root, counts or sizes do not add up.</summary>
    ManifestMismatch = 31,

    /// <summary>The manifest ended before its commit.</summary>
    TruncatedManifest = 32,

    /// <summary>No object with this path.</summary>
    NotFound = 40,

    /// <summary>The principal's quota does not allow the declared size.</summary>
    QuotaExceeded = 41,

    /// <summary>A limit of the node (entries, segments, streams) is reached.</summary>
    LimitExceeded = 42,

    /// <summary>The store's disk is full.</summary>
    DiskFull = 50,

    /// <summary>The store failed for another reason.</summary>
    StorageFailed = 51,

    /// <summary>Stored bytes no longer have their hash.</summary>
    StoredDataCorrupt = 52,

    /// <summary>The node failed inside.</summary>
    ServerFailure = 53,

    /// <summary>The node is at its session limit.</summary>
    Busy = 60,

    /// <summary>The node takes no new work; another one will.</summary>
    Draining = 61,

    /// <summary>The client's version under the traffic split is another one now; open a session again.</summary>
    VersionChanged = 62,

    /// <summary>No progress within the time limit.</summary>
    TimedOut = 63,

    /// <summary>The bulk path cannot be had for this peer or object; the session itself can.</summary>
    BulkUnavailable = 64,

    /// <summary>A local file changed, vanished or could not be read or written. Never travels.</summary>
    LocalFile = 70,

    /// <summary>The request itself is wrong (address, options). Never travels.</summary>
    InvalidRequest = 71,
}
