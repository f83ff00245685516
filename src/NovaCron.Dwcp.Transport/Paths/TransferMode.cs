namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>Which ways of carrying a session a transfer may use.</summary>
public enum TransferMode
{
    /// <summary>Whatever is expected to be fastest on the path.</summary>
    Auto,

    /// <summary>Ways for long or lossy paths: UDP, then several TCP connections, then one.</summary>
    Internet,

    /// <summary>Ways for paths inside a data centre, then one TCP connection.</summary>
    Datacenter,

    /// <summary>Both kinds, the data centre's first.</summary>
    Hybrid,
}
