using System.Net;
using System.Net.Sockets;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>ACP as measured: what sessions over UDP sent and repeated, the figures of the kernel's TCP for those that stay on it, and round trips measured inside sessions.</summary>
public sealed class AcpComponent : IDwcpComponent
{
    private static long _roundTrips;
    private static long _lastRoundTripMicroseconds;
    private static long _samples;
    private static long _retransmits;
    private static long _lastWindowBytes;
    private static long _lastDeliveryRate;

    /// <inheritdoc/>
    public string Name => "ACP";

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_acp_round_trips_total", "Round trips measured inside sessions.", ComponentMetricKind.Counter, Interlocked.Read(ref _roundTrips)),
        new("dwcp_acp_round_trip_seconds", "The last round trip measured, seconds.", ComponentMetricKind.Gauge, Interlocked.Read(ref _lastRoundTripMicroseconds) / 1e6),
        new("dwcp_acp_path_samples_total", "Connections whose TCP state was read.", ComponentMetricKind.Counter, Interlocked.Read(ref _samples)),
        new("dwcp_acp_retransmits_total", "Segments that TCP sent again on those connections.", ComponentMetricKind.Counter, Interlocked.Read(ref _retransmits)),
        new("dwcp_acp_congestion_window_bytes", "Congestion window of the last sample, bytes.", ComponentMetricKind.Gauge, Interlocked.Read(ref _lastWindowBytes)),
        new("dwcp_acp_delivery_rate_bytes", "Delivery rate of the last sample, bytes per second.", ComponentMetricKind.Gauge, Interlocked.Read(ref _lastDeliveryRate)),
        new("dwcp_acp_udp_connections_total", "Sessions over UDP that ended.", ComponentMetricKind.Counter, DatagramMetrics.Connections),
        new("dwcp_acp_udp_sent_bytes_total", "Bytes of datagrams that those sent, headers and repetitions included.", ComponentMetricKind.Counter, DatagramMetrics.SentBytes),
        new("dwcp_acp_udp_repeated_bytes_total", "Of those, bytes that had to be sent again.", ComponentMetricKind.Counter, DatagramMetrics.RepeatedBytes),
        new("dwcp_acp_udp_pacing_rate_bytes", "Pacing rate of the last of them when it ended, bytes per second.", ComponentMetricKind.Gauge, DatagramMetrics.LastRate),
        new("dwcp_acp_udp_round_trip_seconds", "Smoothed round trip of the last of them when it ended, seconds.", ComponentMetricKind.Gauge, DatagramMetrics.LastRoundTripSeconds),
    ];

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => SelfTest.Run(
        static _ =>
        {
            using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            listener.Listen(1);
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(listener.LocalEndPoint!);
            using var server = listener.Accept();
            client.Send(new byte[1024]);
            var buffer = new byte[1024];
            var received = 0;
            while (received < buffer.Length) received += server.Receive(buffer, received, buffer.Length - received, SocketFlags.None);
            if (TcpPath.Read(client) is not { } path) return OperatingSystem.IsLinux() ? throw new InvalidOperationException("TCP_INFO could not be read.") : "TCP_INFO is not offered by this system; rates are governed by its TCP";
            RecordPath(path, null);
            SelfTest.Require(path.CongestionWindow > 0, $"TCP_INFO gives a congestion window of {path.CongestionWindow} segments.");
            SelfTest.Require(path.RoundTrip < TimeSpan.FromSeconds(1), $"TCP_INFO gives a loopback round trip of {path.RoundTrip}.");
            return $"TCP_INFO over loopback: round trip {path.RoundTrip.TotalMicroseconds:0} us, window {path.CongestionWindow} segments of {path.SegmentBytes} bytes, {path.Retransmits} sent again";
        },
        ct);

    internal static void RecordRoundTrip(TimeSpan roundTrip)
    {
        Interlocked.Increment(ref _roundTrips);
        Interlocked.Exchange(ref _lastRoundTripMicroseconds, (long)roundTrip.TotalMicroseconds);
    }

    /// <param name="path">The state of a connection.</param>
    /// <param name="before">An earlier state of the same connection, whose retransmissions were counted.</param>
    internal static void RecordPath(TcpPath path, TcpPath? before)
    {
        Interlocked.Increment(ref _samples);
        Interlocked.Add(ref _retransmits, path.Retransmits - (before?.Retransmits ?? 0));
        Interlocked.Exchange(ref _lastWindowBytes, (long)path.CongestionWindow * path.SegmentBytes);
        Interlocked.Exchange(ref _lastDeliveryRate, path.DeliveryRate ?? 0);
    }
}
