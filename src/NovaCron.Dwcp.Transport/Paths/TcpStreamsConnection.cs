using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Scheduling;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>A session striped over several TLS connections.</summary>
/// <param name="stream">The stripes.</param>
/// <param name="streams">Connections.</param>
/// <param name="readPaths">What the kernel knows of each.</param>
internal sealed class TcpStreamsConnection(StripedStream stream, int streams, Func<IReadOnlyList<TcpPath>> readPaths) : CarrierConnection
{
    public override int Number => TcpStreamsCarrier.Number;

    public override string Name => $"{streams} TCP streams";

    public override Stream Stream => stream;

    public override CarrierState ReadState()
    {
        var paths = readPaths();
        // The kernel counts segments: those sent again are known, those sent are not everywhere.
        return paths.Count == 0
            ? new CarrierState(null, 0, 0, 0, TimeSpan.Zero)
            : new CarrierState(
                TimeSpan.FromTicks((long)paths.Average(p => p.RoundTrip.Ticks)), paths.Sum(p => p.SentBytes ?? 0), paths.Sum(p => p.Retransmits * p.SegmentBytes),
                paths.Sum(p => p.DeliveryRate ?? 0), TimeSpan.Zero);
    }

    public override void Fail(string reason) => stream.Fail(reason);

    public override ValueTask DisposeAsync() => stream.DisposeAsync();
}
