using System.Net;
using NovaCron.Dwcp.Rehearsal.Security;

namespace NovaCron.Dwcp.Rehearsal.Api;

/// <summary>How the API server is set up.</summary>
public sealed record ApiServerOptions
{
    /// <summary>Where it listens; port 0 lets the system choose.</summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>Name of the cluster and of the administrator's context in the kubeconfig.</summary>
    public string ClusterName { get; init; } = "rehearsal";

    /// <summary>The people who have tokens and contexts beside the administrator; what they may do is decided by RBAC objects.</summary>
    public IReadOnlyList<ApiUser> Users { get; init; } =
    [
        new("alice", ["system:authenticated", "operators"]),
        new("bob", ["system:authenticated", "approvers"]),
    ];

    /// <summary>Where logs come from; without it, requests for logs are answered with an error.</summary>
    public IPodRuntime? PodRuntime { get; init; }
}
