namespace NovaCron.Dwcp.Transport;

/// <summary>Whose doing a failure is. Only <see cref="Server"/> counts as an error in rollout evidence.</summary>
public enum DwcpFault
{
    /// <summary>The client's input, credential or quota.</summary>
    Client = 0,

    /// <summary>The node or its storage.</summary>
    Server = 1,

    /// <summary>The connection between them; nobody answered, or it broke.</summary>
    Network = 2,
}
