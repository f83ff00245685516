using System.Net;
using System.Net.Sockets;
using NovaCron.Dwcp.Node.Cache;
using NovaCron.Dwcp.Node.Diagnostics;
using NovaCron.Dwcp.Node.Secrets;
using NovaCron.Dwcp.Node.Tests.Support;
using NovaCron.Dwcp.Transport;

namespace NovaCron.Dwcp.Node.Tests.Diagnostics;

public sealed class NetworkProbeTests
{
    [Fact]
    public async Task A_sibling_is_tried_on_each_port_and_its_data_port_by_datagrams_too()
    {
        await using var sibling = await RunningNode.StartAsync(pod => pod.Environment["DWCP_POD_NAME"] = "dwcp-v3-sibling");
        // A port that nobody listens on: bound, and never opened.
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var options = sibling.Pod.ReadOptions() with
        {
            PodName = "dwcp-v3-own", HttpPort = sibling.Node.HttpEndPoint.Port, AdminPort = ((IPEndPoint)closed.LocalEndPoint!).Port, MetricsPort = sibling.Node.MetricsEndPoint.Port,
        };
        PeerRecord Record(string pod, string? address) => new(pod, "1", 0, true, 0, 0, DateTimeOffset.UnixEpoch, address);
        IReadOnlyList<PeerRecord> records = [Record("dwcp-v3-own", "127.0.0.1"), Record("dwcp-v3-sibling", "127.0.0.1"), Record("dwcp-v3-silent", null), Record("dwcp-v3-confused", "not an address")];
        var probe = new NetworkProbe(options, () => Task.FromResult(records), () => sibling.Node.DataEndPoint.Port,
            (_, key) => sibling.RequestFor("probe", "dwcp-diagnostics") with { CanaryKey = key });

        // Each attempt has two seconds, which a busy machine may need for itself.
        IReadOnlyList<NetworkAttempt> attempts = [];
        await Eventually.TrueAsync(
            async () =>
            {
                attempts = await probe.RunAsync(sibling.Pod.DiagnosticsKey, TestContext.Current.CancellationToken);
                return attempts.Where(a => a.Target == "dwcp-v3-sibling" && a.Port != options.AdminPort).All(a => a.Reached == true);
            },
            "the sibling is reached", detail: () => string.Join("; ", attempts.Select(a => a.Detail)));
        var seen = attempts.Where(a => a.Target == "dwcp-v3-sibling").ToDictionary(a => (a.Port, a.Protocol), a => a);
        Assert.True(seen[(sibling.Node.DataEndPoint.Port, "tcp")].Reached);
        Assert.True(seen[(sibling.Node.DataEndPoint.Port, "udp")] is { Reached: true }, seen[(sibling.Node.DataEndPoint.Port, "udp")].Detail);
        Assert.True(seen[(options.HttpPort, "tcp")].Reached);
        Assert.True(seen[(options.MetricsPort, "tcp")].Reached);
        Assert.False(seen[(options.AdminPort, "tcp")].Reached);
        Assert.Single(attempts, a => a.Target == "cloud metadata");
        Assert.Equal(["cloud metadata", "dwcp-v3-sibling"], attempts.Select(a => a.Target).Distinct().Order(StringComparer.Ordinal));

        // Where no session can be made a v3 one, nothing is claimed.
        var production = new NetworkProbe(options with { AllowsCanary = false }, () => Task.FromResult(records), () => sibling.Node.DataEndPoint.Port, (_, _) => throw new InvalidOperationException());
        Assert.Null((await production.RunAsync("", TestContext.Current.CancellationToken)).Single(a => a.Protocol == "udp").Reached);
    }

    [Fact]
    public async Task The_endpoint_names_no_target_and_the_benchmark_wants_a_sibling()
    {
        await using var running = await RunningNode.StartAsync();
        var (status, answer) = await running.AdminAsync(HttpMethod.Get, "/diagnostics/network?target=example.org", running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal(["cloud metadata"], answer["attempts"]!.AsArray().Select(a => (string?)a!["target"]));
        (status, _) = await running.AdminAsync(HttpMethod.Get, "/diagnostics/network", "wrong");
        Assert.Equal(HttpStatusCode.Unauthorized, status);
        (status, answer) = await running.AdminAsync(HttpMethod.Post, "/diagnostics/benchmark?kind=sibling", running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.InternalServerError, status);
        Assert.Contains("No other pod", (string?)answer["error"]);
        (status, answer) = await running.AdminAsync(HttpMethod.Post, "/diagnostics/benchmark?kind=internet&level=dense", running.Pod.DiagnosticsKey);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.InRange((double)answer["figures"]!["percentSaved"]!, 1, 99);
    }

    [Fact]
    public async Task A_stranger_without_key_is_refused_by_the_session_in_both_versions()
    {
        await using var running = await RunningNode.StartAsync();
        await using var client = running.CreateClient();
        foreach (var version in new[] { 1, 3 })
        {
            var request = running.RequestFor("stranger") with { ApiKey = null, IsAnonymous = true, Versions = [version], CanaryKey = version == 3 ? running.Pod.DiagnosticsKey : null };
            var refused = await Assert.ThrowsAsync<DwcpTransferException>(() => client.DeleteAsync(request, TestContext.Current.CancellationToken));
            Assert.Equal(DwcpErrorCode.NotAuthenticated, refused.Code);
        }
    }

    [Fact]
    public void Pods_with_the_same_secret_know_each_other_and_others_do_not()
    {
        using var pod = new TestPod();
        using var stranger = new TestPod();
        SecretFiles Open(TestPod of) => new(of.Paths.Secrets, TimeProvider.System, new LogLines().CreateLogger("x"));
        var (one, two, other) = (Open(pod), Open(pod), Open(stranger));
        Assert.Equal(SecretFiles.DiagnosticsPrincipal, two.FindByApiKey(one.OwnApiKey));
        Assert.Null(other.FindByApiKey(one.OwnApiKey));
        // A rotated ticket key takes the old one with it.
        var before = one.OwnApiKey;
        pod.WriteSecret("ticket-key", TestPod.NewKey());
        Assert.True(one.Reload());
        Assert.Null(one.FindByApiKey(before));
    }
}
