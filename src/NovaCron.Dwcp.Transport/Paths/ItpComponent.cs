using System.Net;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>ITP as measured: paths chosen, sessions opened, sessions that went to another version, and transfers that went on after a break.</summary>
public sealed class ItpComponent : IDwcpComponent
{
    private static long _decisions;
    private static long _redirects;
    private static long _resumes;
    private static long _fallbacks;
    private static long _returns;
    private static long _carried;
    private static long _connectMicroseconds;

    /// <inheritdoc/>
    public string Name => "ITP";

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() =>
    [
        new("dwcp_itp_decisions_total", "Paths chosen by this process.", ComponentMetricKind.Counter, Interlocked.Read(ref _decisions)),
        new("dwcp_itp_version_redirects_total", "Sessions that the node sent to another version.", ComponentMetricKind.Counter, Interlocked.Read(ref _redirects)),
        new("dwcp_itp_resumes_total", "Attempts that went on where an earlier one broke.", ComponentMetricKind.Counter, Interlocked.Read(ref _resumes)),
        new("dwcp_itp_carried_sessions_total", "Sessions that another way than their TLS connection carried.", ComponentMetricKind.Counter, Interlocked.Read(ref _carried)),
        new("dwcp_itp_fallbacks_total", "Ways that did not connect or stopped getting through, so that the transfer went on another way.", ComponentMetricKind.Counter, Interlocked.Read(ref _fallbacks)),
        new("dwcp_itp_returns_total", "Running transfers that were taken back to a better way when it got through again.", ComponentMetricKind.Counter, Interlocked.Read(ref _returns)),
        new("dwcp_itp_connect_seconds", "TCP handshake of the last path, seconds.", ComponentMetricKind.Gauge, Interlocked.Read(ref _connectMicroseconds) / 1e6),
        .. DatacenterCounters.ReadMetrics(),
    ];

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => SelfTest.Run(
        static _ =>
        {
            var near = PathChooser.Choose(3, new IPEndPoint(IPAddress.Loopback, 7420), TimeSpan.FromMilliseconds(0.1), DwcpLevel.Adaptive);
            var far = PathChooser.Choose(3, new IPEndPoint(IPAddress.Parse("192.0.2.1"), 7420), TimeSpan.FromMilliseconds(80), DwcpLevel.Adaptive);
            var asked = PathChooser.Choose(1, null, TimeSpan.FromMilliseconds(80), DwcpLevel.Store);
            Interlocked.Add(ref _decisions, 3);
            SelfTest.Require(near.Level == DwcpLevel.Fast, $"The same host got level {near.Level}.");
            SelfTest.Require(far.Level == DwcpLevel.Adaptive, $"A path of 80 ms got level {far.Level}.");
            SelfTest.Require(asked is { Level: DwcpLevel.Store, Version: 1 }, "A level that was asked for was not kept.");
            SelfTest.Require(near.Reasons.Count > 0 && far.Reasons.Count > 0, "A choice came without reasons.");
            return $"choices: same host {near.Level}, 80 ms {far.Level}, a level that was asked for is kept";
        },
        ct);

    internal static void RecordDecision(TimeSpan connectTime)
    {
        Interlocked.Increment(ref _decisions);
        Interlocked.Exchange(ref _connectMicroseconds, (long)connectTime.TotalMicroseconds);
    }

    internal static void RecordFallback() => Interlocked.Increment(ref _fallbacks);

    internal static void RecordReturn() => Interlocked.Increment(ref _returns);

    internal static void RecordCarried() => Interlocked.Increment(ref _carried);

    internal static void RecordRedirect() => Interlocked.Increment(ref _redirects);

    internal static void RecordResume() => Interlocked.Increment(ref _resumes);
}
