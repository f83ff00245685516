using System.Net;
using System.Net.Sockets;

namespace NovaCron.Dwcp.Rehearsal.Cluster;

/// <summary>
/// The loopback networks of one cluster: pods 127.40.x.y and Services 127.50.x.y for the first on this machine, 127.41 and 127.51 for the next.
/// A listening socket on the node's address is the claim: it goes with the process, however that ends.
/// </summary>
internal sealed class ClusterAddresses : IDisposable
{
    // Where a kubelet listens; here it only holds the place.
    private const int KubeletPort = 10250;

    private static readonly (int Pods, int Services)[] Networks =
        [.. Enumerable.Range(0, 10).Select(static i => (40 + i, 50 + i)), .. Enumerable.Range(0, 50).Select(static i => (100 + i, 150 + i))];

    private readonly Socket _claim;

    private ClusterAddresses(Socket claim, int pods, int services)
    {
        _claim = claim;
        PodPrefix = $"127.{pods}";
        ServicePrefix = $"127.{services}";
    }

    /// <summary>First two octets of pod addresses.</summary>
    public string PodPrefix { get; }

    /// <summary>First two octets of Service addresses.</summary>
    public string ServicePrefix { get; }

    public IPAddress Node => IPAddress.Parse(PodPrefix + ".0.1");

    public IPAddress Ingress => IPAddress.Parse(ServicePrefix + ".255.254");

    /// <exception cref="RehearsalException">No network is free.</exception>
    public static ClusterAddresses Claim()
    {
        foreach (var (pods, services) in Networks)
        {
            var claim = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                claim.Bind(new IPEndPoint(IPAddress.Parse($"127.{pods}.0.1"), KubeletPort));
                claim.Listen();
                return new ClusterAddresses(claim, pods, services);
            }
            catch (SocketException)
            {
                claim.Dispose();
            }
        }
        throw new RehearsalException($"All {Networks.Length} loopback networks of rehearsal clusters are taken. Stop one of the clusters.");
    }

    public void Dispose() => _claim.Dispose();
}
