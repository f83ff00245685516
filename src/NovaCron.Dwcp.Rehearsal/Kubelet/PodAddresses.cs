using System.Net;

namespace NovaCron.Dwcp.Rehearsal.Kubelet;

/// <summary>Loopback addresses for pods. One that was freed is used again as late as possible, because clients remember it for a while.</summary>
/// <param name="prefix">The first two octets, such as <c>127.40</c>.</param>
internal sealed class PodAddresses(string prefix)
{
    // .0.1 is the node's.
    private const int First = 2;
    private const int Last = 254 * 256;

    private readonly Lock _gate = new();
    private readonly HashSet<int> _used = [];
    private int _next = First;

    public IPAddress Take()
    {
        lock (_gate)
        {
            while (!IsHost(_next) || !_used.Add(_next))
            {
                Advance();
            }
            var taken = _next;
            Advance();
            return IPAddress.Parse($"{prefix}.{taken / 256}.{taken % 256}");
        }
    }

    public void Return(IPAddress address)
    {
        var octets = address.GetAddressBytes();
        lock (_gate)
        {
            _used.Remove((octets[2] * 256) + octets[3]);
        }
    }

    private static bool IsHost(int number) => number % 256 is > 0 and < 255;

    private void Advance() => _next = _next == Last ? First : _next + 1;
}
