namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>What carries the payload of a bulk stream; the numbers travel, as bits of an offer.</summary>
[Flags]
public enum BulkCarrier
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>A TCP connection of its own.</summary>
    Sockets = 1,

    /// <summary>UCX: RDMA verbs, shared memory or TCP, as the library chose.</summary>
    Ucx = 2,

    /// <summary>UCX, and this side has a port for RDMA verbs that is up and permitted. Says what a side has; never chosen by itself.</summary>
    Verbs = 4,
}
