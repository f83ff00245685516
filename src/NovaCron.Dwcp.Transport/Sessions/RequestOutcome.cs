namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>How a request ended.</summary>
public enum RequestOutcome
{
    /// <summary>Done.</summary>
    Ok,

    /// <summary>Refused for something the client did: metrics label <c>client_error</c>.</summary>
    ClientError,

    /// <summary>Failed for something the node did: metrics label <c>server_error</c>.</summary>
    ServerError,
}
