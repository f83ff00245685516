using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using NovaCron.Dwcp.Node.Cache;
using NovaCron.Dwcp.Node.Configuration;
using NovaCron.Dwcp.Transport;
using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>
/// What this pod reaches: its siblings, port by port, and what pods have no business with. Whether it should be reached is for the asker to judge. There is no way
/// to name a target: siblings are those that told it through Redis within the last half minute, on the ports of this node's own configuration.
/// </summary>
internal sealed class NetworkProbe(NodeOptions options, Func<Task<IReadOnlyList<PeerRecord>>> peers, Func<int> dataPort, Func<IPAddress, string, TransferRequest> requestTo)
{
    /// <summary>As many as the autoscaler's most, and some.</summary>
    private const int MostSiblings = 32;

    /// <summary>Enough that a datagram path pays.</summary>
    private const int DatagramBytes = 512 << 10;

    /// <summary>Clouds hand out a machine's credentials here, and no policy of ours lets pods get them.</summary>
    private static readonly IPAddress Metadata = IPAddress.Parse("169.254.169.254");

    /// <summary>A policy usually drops without a word.</summary>
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan TransferLimit = TimeSpan.FromSeconds(8);

    /// <summary>The siblings that can be tried, by name.</summary>
    public async Task<IReadOnlyList<(string Pod, IPAddress Address)>> SiblingsAsync() =>
        [.. (await peers().ConfigureAwait(false)).Where(p => p.Pod != options.PodName).OrderBy(p => p.Pod, StringComparer.Ordinal)
            .Select(p => (p.Pod, Address: IPAddress.TryParse(p.Address, out var address) ? address : null)).Where(p => p.Address is not null)
            .Take(MostSiblings).Select(p => (p.Pod, p.Address!))];

    /// <summary>Tries all, at the same time.</summary>
    /// <param name="canaryKey">Makes the session that carries datagrams v3, where the node allows canaries.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<IReadOnlyList<NetworkAttempt>> RunAsync(string canaryKey, CancellationToken cancellationToken)
    {
        var siblings = await SiblingsAsync().ConfigureAwait(false);
        int[] ports = [dataPort(), options.HttpPort, options.AdminPort, options.MetricsPort];
        return await Task.WhenAll(
        [
            .. siblings.SelectMany(s => ports.Select(port => ConnectAsync(s.Pod, s.Address, port, cancellationToken))),
            .. siblings.Select(s => SendDatagramsAsync(s.Pod, s.Address, canaryKey, cancellationToken)),
            ConnectAsync("cloud metadata", Metadata, 80, cancellationToken),
        ]).ConfigureAwait(false);
    }

    private static async Task<NetworkAttempt> ConnectAsync(string target, IPAddress address, int port, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ConnectLimit);
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var (reached, detail) = (true, "connected");
        try
        {
            await socket.ConnectAsync(new IPEndPoint(address, port), limit.Token).ConfigureAwait(false);
        }
        catch (SocketException error)
        {
            (reached, detail) = (false, error.SocketErrorCode.ToString());
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            (reached, detail) = (false, $"no answer within {ConnectLimit.TotalSeconds:0} s");
        }

        return new NetworkAttempt(target, address.ToString(), port, "tcp", reached, Stopwatch.GetElapsedTime(start).TotalMilliseconds, detail);
    }

    /// <summary>A node answers no datagram of strangers, so a session's own data goes this way, and back.</summary>
    private async Task<NetworkAttempt> SendDatagramsAsync(string target, IPAddress address, string canaryKey, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        NetworkAttempt Came(bool? reached, string detail) => new(target, address.ToString(), dataPort(), "udp", reached, Stopwatch.GetElapsedTime(start).TotalMilliseconds, detail);
        if (!options.AllowsCanary) return Came(null, "only v3 sends datagrams, and no session can be made one here (staging only)");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TransferLimit);
        var client = new TransferClient([new V3ClientProtocol()], carriers: [new DatagramClientCarrier()]);
        await using var clientScope = client.ConfigureAwait(false);
        var request = requestTo(address, canaryKey) with { Versions = [3], Mode = TransferMode.Internet, FreshSession = true, GiveUpAfter = ConnectLimit };
        try
        {
            var sent = await client.SendAsync(request, TransferSource.FromMemory(RandomNumberGenerator.GetBytes(DatagramBytes)), cancellationToken: limit.Token).ConfigureAwait(false);
            await client.DeleteAsync(request, limit.Token).ConfigureAwait(false);
            // There is no other way but the session's own.
            return sent.Transport != "TCP+TLS"
                ? Came(true, $"{DatagramBytes >> 10} KiB by datagrams, round trip {sent.RoundTrip?.TotalMilliseconds:0.0} ms")
                : Came(false, sent.Reasons.LastOrDefault() ?? "the session stayed on TCP");
        }
        catch (DwcpTransferException error)
        {
            return Came(false, error.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Came(false, $"not done within {TransferLimit.TotalSeconds:0} s");
        }
    }
}
