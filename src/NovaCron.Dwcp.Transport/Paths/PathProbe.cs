using System.Security.Cryptography;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Datagrams;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>Measures the path to a node: sends the same noise over every way that there is, and deletes it there again.</summary>
public static class PathProbe
{
    /// <summary>Bytes of a probe unless the caller says otherwise: a few seconds of 20 Mbit/s.</summary>
    public const int DefaultBytes = 8 << 20;

    /// <summary>Most bytes of a probe.</summary>
    public const int MaximumBytes = 1 << 30;

    /// <summary>Measures.</summary>
    /// <param name="request">The node, and a path below which the caller may write; the probe makes objects of its own below it.</param>
    /// <param name="bytes">Bytes to send over each way, 1 to <see cref="MaximumBytes"/>.</param>
    /// <param name="report">Hears of each way as it was measured.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DwcpTransferException">No way works: the node is not there, not trusted, or does not trust the caller.</exception>
    public static async Task<PathReport> RunAsync(TransferRequest request, int bytes = DefaultBytes, IProgress<PathWay>? report = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, MaximumBytes);
        var probe = request with { Versions = [3], Level = DwcpLevel.Store, FreshSession = true, MaxRate = null, Datacenter = null };
        var ways = new List<PathWay>();
        foreach (var (name, carriers, mode) in Ways())
        {
            var way = await MeasureAsync(name, carriers, probe with { Mode = mode }, bytes, cancellationToken).ConfigureAwait(false);
            ways.Add(way);
            report?.Report(way);
        }

        var bulk = await MeasureAsync("bulk path", [], probe with { Mode = TransferMode.Datacenter, Datacenter = new DatacenterRequest { Required = true, MinimumBytes = 0 } }, bytes, cancellationToken).ConfigureAwait(false);
        ways.Add(bulk);
        report?.Report(bulk);
        var chosen = await ChooseAsync(probe with { Mode = request.Mode }, cancellationToken).ConfigureAwait(false);
        return new PathReport(chosen.RoundTrip, chosen.Transport, chosen.Reasons, ways);
    }

    private static IEnumerable<(string Name, IReadOnlyList<IClientCarrier> Carriers, TransferMode Mode)> Ways() =>
    [
        (DatagramCarrier.Name, [new DatagramClientCarrier { Patience = TimeSpan.FromSeconds(5) }], TransferMode.Internet),
        (TcpStreamsCarrier.Name, [new TcpStreamsClientCarrier()], TransferMode.Internet),
        ("TCP+TLS", [], TransferMode.Internet),
    ];

    private static async Task<PathWay> MeasureAsync(string name, IReadOnlyList<IClientCarrier> carriers, TransferRequest request, int bytes, CancellationToken cancellationToken)
    {
        var client = new TransferClient([new V3ClientProtocol()], carriers: carriers);
        await using var clientScope = client.ConfigureAwait(false);
        var mine = request with { Remote = Below(request.Remote) };
        var file = Path.GetTempFileName();
        try
        {
            // A file, because the bulk path carries files; noise, because a path is measured and not the codec.
            await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(bytes), cancellationToken).ConfigureAwait(false);
            var sent = await client.SendAsync(mine, TransferSource.FromPaths(file), null, cancellationToken).ConfigureAwait(false);
            await client.DeleteAsync(mine, cancellationToken).ConfigureAwait(false);
            var works = carriers.Count == 0 || sent.Transport != "TCP+TLS";
            var why = sent.Reasons.LastOrDefault(r => r.StartsWith(name, StringComparison.Ordinal)) ?? "";
            return works
                ? new PathWay(sent.Transport, true, sent.RoundTrip, sent.BytesPerSecond, sent.RetransmittedPercent, $"{bytes} bytes in {sent.Duration.TotalSeconds:0.00} s")
                : new PathWay(name, false, sent.RoundTrip, 0, null, why);
        }
        catch (DwcpTransferException e) when (e.Code is not (DwcpErrorCode.NotAuthenticated or DwcpErrorCode.UntrustedPeer or DwcpErrorCode.ConnectionFailed or DwcpErrorCode.InvalidRequest))
        {
            return new PathWay(name, false, null, 0, null, e.Message);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // What a transfer would do: the choice alone, made by a client that has every way, for a list that costs nothing.
    private static async Task<TransferResult> ChooseAsync(TransferRequest request, CancellationToken cancellationToken)
    {
        var client = new TransferClient([new V3ClientProtocol()]);
        await using var clientScope = client.ConfigureAwait(false);
        var mine = request with { Remote = Below(request.Remote), Level = DwcpLevel.Adaptive };
        var sent = await client.SendAsync(mine, TransferSource.FromMemory(RandomNumberGenerator.GetBytes(TcpStreamsClientCarrier.WorthIt)), null, cancellationToken).ConfigureAwait(false);
        await client.DeleteAsync(mine, cancellationToken).ConfigureAwait(false);
        return sent;
    }

    private static Uri Below(Uri remote) => new($"{remote.GetLeftPart(UriPartial.Path).TrimEnd('/')}/dwcp-path-test-{Guid.NewGuid():n}");
}
