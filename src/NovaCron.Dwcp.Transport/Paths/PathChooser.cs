using System.Globalization;
using System.Net;
using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>Chooses the ways to try and the codec's level for a path from what was measured. Pure: the same measurements give the same choice.</summary>
public static class PathChooser
{
    /// <summary>The ways worth trying before the session stays on its TCP connection, best first.</summary>
    /// <param name="path">What was measured.</param>
    /// <param name="mode">What the caller allows.</param>
    /// <param name="carriers">What this client has.</param>
    /// <param name="reasonToAvoid">Why a carrier is not to be tried here now, or null.</param>
    /// <param name="reasons">Receives one sentence for each carrier that was considered.</param>
    public static IReadOnlyList<IClientCarrier> Rank(
        PathMeasurement path, TransferMode mode, IReadOnlyList<IClientCarrier> carriers, Func<IClientCarrier, string?> reasonToAvoid, ICollection<string> reasons)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(carriers);
        ArgumentNullException.ThrowIfNull(reasonToAvoid);
        ArgumentNullException.ThrowIfNull(reasons);
        var ranked = new List<(IClientCarrier Carrier, double Preference)>();
        foreach (var carrier in carriers)
        {
            if ((mode == TransferMode.Internet && carrier.IsForDatacenter) || (mode == TransferMode.Datacenter && !carrier.IsForDatacenter)) continue;
            var (preference, reason) = carrier.Assess(path);
            var avoid = preference > 0 ? reasonToAvoid(carrier) : null;
            // Who names a mode wants its ways wherever they work; otherwise a way has to promise more than the connection that is there already.
            var wanted = preference > 0 && avoid is null && (preference > CarrierAssessment.Tcp || mode is TransferMode.Internet or TransferMode.Datacenter);
            reasons.Add($"{carrier.Name}: {(wanted ? "to be tried" : "not tried")}, {avoid ?? reason}");
            if (!wanted) continue;
            // Hybrid prefers what is for the data centre whatever the path looks like.
            ranked.Add((carrier, mode == TransferMode.Hybrid && carrier.IsForDatacenter ? preference + 1 : preference));
        }

        return [.. ranked.OrderByDescending(c => c.Preference).Select(c => c.Carrier)];
    }

    /// <param name="version">The version that the node told.</param>
    /// <param name="peer">The node's address.</param>
    /// <param name="connectTime">Time of the TCP handshake: one round trip.</param>
    /// <param name="requested">The level that the caller asked for.</param>
    /// <param name="transport">The way that carries the session.</param>
    /// <param name="why">One sentence for each way that was considered.</param>
    public static PathDecision Choose(
        int version, EndPoint? peer, TimeSpan connectTime, DwcpLevel requested, string transport = "TCP+TLS", IReadOnlyList<string>? why = null)
    {
        var reasons = new List<string>();
        var path = new PathMeasurement(peer as IPEndPoint ?? new IPEndPoint(IPAddress.None, 0), connectTime, null);
        if (why is { Count: > 0 }) reasons.AddRange(why);
        else if (version != 3) reasons.Add("TCP+TLS: version 1 knows no other way");
        reasons.Add($"the session goes over {transport}");
        reasons.Add(version == 3 ? "version 3: the node's traffic split says so" : "version 1: the node's traffic split, or the client's offer, says so");
        reasons.Add(string.Create(CultureInfo.InvariantCulture, $"round trip {connectTime.TotalMilliseconds:0.00} ms, {(path.IsSameHost ? "same host" : path.IsNear ? "near" : "far")}"));
        if (requested != DwcpLevel.Adaptive)
        {
            reasons.Add($"level {requested}: asked for");
            return new PathDecision(transport, version, requested, reasons);
        }

        var level = path.IsNear ? DwcpLevel.Fast : DwcpLevel.Adaptive;
        reasons.Add(level == DwcpLevel.Fast ? "level Fast: bytes are cheap on this path" : "level Adaptive: as dense as the path leaves time for, from Balanced on");
        return new PathDecision(transport, version, level, reasons);
    }
}
