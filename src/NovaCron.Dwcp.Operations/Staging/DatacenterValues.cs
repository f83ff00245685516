using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>
/// Settings of the bulk path between known machines, over sockets or RDMA. It goes to pods themselves, never through a Service, so their addresses must be
/// reachable from <see cref="Networks"/> (a routed pod network, or a second one by <see cref="NetworkAttachments"/>).
/// </summary>
public sealed record DatacenterValues
{
    /// <summary>Networks of machines that may use the bulk path; it is off when empty.</summary>
    public IReadOnlyList<string> Networks { get; init; } = [];

    /// <summary>Ports that pods take payload connections on, opened for <see cref="Networks"/> only.</summary>
    [RegularExpression("^[1-9][0-9]{0,4}-[1-9][0-9]{0,4}$", ErrorMessage = "a range of ports such as 7430-7461")]
    public string Ports { get; init; } = "7430-7461";

    /// <summary>Principals that may use UCX (RDMA verbs, shared memory), by their client certificate.</summary>
    public IReadOnlyList<string> RdmaIdentities { get; init; } = [];

    /// <summary>True: bulk streams by RDMA verbs only; a node without them does not start and names what it lacks.</summary>
    public bool RequireRdma { get; init; }

    /// <summary>Extended resource of an RDMA device plugin, for example <c>rdma/hca_shared_devices_a</c>; the pods ask for none when empty.</summary>
    [RegularExpression("^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?/[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$", ErrorMessage = "a resource name such as rdma/hca_shared_devices_a")]
    public string? RdmaResource { get; init; }

    /// <summary>How many of <see cref="RdmaResource"/> a pod asks for. 1..8.</summary>
    [Range(1, 8, ErrorMessage = "1..8")]
    public int RdmaResourceCount { get; init; } = 1;

    /// <summary>Value of annotation <c>k8s.v1.cni.cncf.io/networks</c> on the node pods (Multus), for example <c>rdma-net</c>; no annotation when empty.</summary>
    [StringLength(1024, ErrorMessage = "at most 1024 characters")]
    public string? NetworkAttachments { get; init; }

    /// <summary><see cref="Ports"/> as numbers.</summary>
    internal (int First, int Last) PortRange =>
        Ports.Split('-') is [var first, var last] ? (int.Parse(first, CultureInfo.InvariantCulture), int.Parse(last, CultureInfo.InvariantCulture)) : (0, 0);
}
