using System.Net;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Transport.Rdma;

/// <summary>Which of UCX's transports a bulk stream uses, and why.</summary>
/// <param name="SameMachine">Shared memory.</param>
/// <param name="Transports">For UCX_TLS.</param>
/// <param name="Reason">For people.</param>
internal sealed record UcxChoice(bool SameMachine, string Transports, string Reason)
{
    // rc_verbs by its own name: under the alias rc_v UCX adds a UD lane for keepalive, which resets connections over soft-RoCE.
    private const string Verbs = "rc_verbs,rc_mlx5,self";

    /// <summary>True where TCP carries everything: there messages are faster than puts, which the library makes of messages.</summary>
    public static bool UsesMessages(bool sameMachine, string transports) =>
        !sameMachine && transports.Split(',') is var names && names.Contains("tcp") && names.All(n => n is "tcp" or "self");

    public static UcxChoice Make(IPAddress local, IPAddress peer, RdmaReadiness readiness, bool peerHasVerbs, bool requireRdma, string? configured)
    {
        if (configured is not null) return new UcxChoice(false, configured, $"{configured} by UCX: the node's policy says so");
        if (!requireRdma && (IPAddress.IsLoopback(peer) || peer.Equals(local))) return new UcxChoice(true, "posix,sysv,self", "shared memory: the peer is on this machine");
        if (readiness.IsReady && !peerHasVerbs) return new UcxChoice(false, "tcp,self", "TCP by UCX: the client has no RDMA verbs");
        if (readiness.IsReady) return new UcxChoice(false, Verbs, $"RDMA verbs: {string.Join(", ", readiness.Devices)}");
        return new UcxChoice(false, "tcp,self", $"TCP by UCX: no RDMA verbs here ({string.Join(" ", readiness.Missing)})");
    }

    /// <summary>A free port of a range, for a listener that cannot tell why it failed.</summary>
    public static int FreePort(IPAddress address, int first, int last)
    {
        for (var port = first; ; port++)
        {
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(address, port));
                return ((IPEndPoint)probe.LocalEndPoint!).Port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse && port < last)
            {
                continue;
            }
        }
    }
}
