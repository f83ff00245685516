namespace NovaCron.Dwcp.Node.Http;

/// <summary>Which of the node's ports a connection came in on. Taken from the socket, never from a header that the client writes.</summary>
internal enum PortRole
{
    /// <summary>8080: health and session opening.</summary>
    Public,

    /// <summary>8081: flags and diagnostics.</summary>
    Admin,

    /// <summary>9090: metrics.</summary>
    Metrics,
}
