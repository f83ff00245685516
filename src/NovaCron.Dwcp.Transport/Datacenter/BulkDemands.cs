namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>What a client insists on; bits of an offer.</summary>
[Flags]
internal enum BulkDemands
{
    None = 0,

    /// <summary>RDMA verbs, or an error that says what is missing.</summary>
    Rdma = 1,

    /// <summary>Every piece authenticated, whatever the node's policy asks.</summary>
    Authentication = 2,
}
