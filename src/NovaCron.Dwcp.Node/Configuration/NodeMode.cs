namespace NovaCron.Dwcp.Node.Configuration;

/// <summary>What kind of paths the node serves (<c>DWCP_MODE</c>).</summary>
public enum NodeMode
{
    /// <summary>Decides per path.</summary>
    Hybrid,

    /// <summary>Fast links: fixed extents, no dedup in line.</summary>
    Datacenter,

    /// <summary>Thin links: dense encoding.</summary>
    Internet,
}
