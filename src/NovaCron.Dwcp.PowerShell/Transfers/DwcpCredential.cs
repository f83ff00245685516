using System.Security;

namespace NovaCron.Dwcp.PowerShell.Transfers;

/// <summary>How to reach and authenticate to a node's data port; binds to Start-DwcpTransfer by property name.</summary>
public sealed record DwcpCredential
{
    /// <summary>Namespace that it was read from.</summary>
    public required string Namespace { get; init; }

    /// <summary>host:port of the data port.</summary>
    public required string DataAddress { get; init; }

    /// <summary>Name that the node's certificate carries.</summary>
    public required string ServerName { get; init; }

    /// <summary>PEM of the authority that the node's certificate chains to.</summary>
    public required string NodeAuthority { get; init; }

    /// <summary>The API key.</summary>
    public required SecureString ApiKey { get; init; }
}
