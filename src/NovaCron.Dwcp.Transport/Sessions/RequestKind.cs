namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>What counts as a request (design.md).</summary>
public enum RequestKind
{
    /// <summary>Authentication and version decision.</summary>
    SessionOpen,

    /// <summary>One manifest segment received and answered, or a manifest read for sending.</summary>
    ManifestExchange,

    /// <summary>One batch of chunks verified and handed to the store, or read from it.</summary>
    ChunkBatch,

    /// <summary>An object made durable, or a delete.</summary>
    Commit,
}
