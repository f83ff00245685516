using System.Net;
using System.Net.Sockets;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class ServerLifeTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Draining_lets_a_running_transfer_finish_and_refuses_new_ones()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await client.SendAsync(node.Request("idle"), TransferSource.FromMemory(new byte[10])); // leaves an idle session behind
        var started = new TaskCompletionSource();
        var sending = client.SendAsync(
            node.Request("big", "other") with { MaxRate = 12_000_000 }, TransferSource.FromMemory(TestFolder.Noise(12_000_000, 1)), new Reporter(p => { if (p.UserBytes > 0) started.TrySetResult(); }));
        await started.Task.WaitAsync(TimeSpan.FromSeconds(60));
        var draining = node.Server.DrainAsync(TimeSpan.FromSeconds(30));
        var result = await sending;
        Assert.Equal(1, result.Attempts);
        Assert.Equal(0, await draining);
        await Assert.ThrowsAsync<DwcpTransferException>(() => client.SendAsync(node.Request("late") with { GiveUpAfter = TimeSpan.FromMilliseconds(200) }, TransferSource.FromMemory(new byte[10])));
    }

    [Fact]
    public async Task Draining_cuts_what_outlasts_the_grace_and_its_chunks_are_kept()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(20_000_000, 1);
        var started = new TaskCompletionSource();
        var sending = client.SendAsync(
            node.Request("big") with { MaxRate = 2_000_000, GiveUpAfter = TimeSpan.FromMilliseconds(300) },
            TransferSource.FromMemory(bytes),
            new Reporter(p => { if (p.UserBytes > 1_000_000) started.TrySetResult(); }));
        await started.Task.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1, await node.Server.DrainAsync(TimeSpan.FromMilliseconds(50)));
        await Assert.ThrowsAsync<DwcpTransferException>(() => sending);
        await using var successor = await TestNode.StartAsync("", store: node.Store);
        var again = await client.SendAsync(successor.Request("big"), TransferSource.FromMemory(bytes));
        Assert.True(again.SkippedBytes > 500_000, $"{again.SkippedBytes} bytes were kept");
    }

    [Fact]
    public async Task A_taken_port_is_named()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        var e = await Assert.ThrowsAsync<DwcpTransferException>(
            () => TestNode.StartAsync("", o => o with { EndPoint = new IPEndPoint(IPAddress.Loopback, node.Port) }, store: node.Store));
        Assert.Contains($"127.0.0.1:{node.Port}", e.Message);
        Assert.Contains("taken", e.Message);
    }

    [Fact]
    public async Task Silent_connections_are_shed_and_others_served()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { HandshakeTimeout = TimeSpan.FromSeconds(5), IdleTimeout = TimeSpan.FromSeconds(5) });
        using var silent = new TcpClient();
        await silent.ConnectAsync(IPAddress.Loopback, node.Port); // never begins TLS
        await using var mute = await RawClient.ConnectAsync(node.Port); // never opens
        await using var idle = await RawClient.OpenAsync(node.Port); // never asks
        Assert.Equal(DwcpErrorCode.TimedOut, (await mute.ReadErrorAsync()).Code);
        Assert.Equal(DwcpErrorCode.TimedOut, (await idle.ReadErrorAsync()).Code);
        Assert.Equal(0, await silent.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await client.SendAsync(node.Request("o"), TransferSource.FromMemory(new byte[10]));
    }

    [Fact]
    public async Task One_address_cannot_take_every_session()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { MaxSessionsPerAddress = 2 });
        await using var one = await RawClient.OpenAsync(node.Port);
        await using var two = await RawClient.OpenAsync(node.Port);
        using var three = new TcpClient();
        await three.ConnectAsync(IPAddress.Loopback, node.Port);
        Assert.Equal(0, await three.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.Contains("too many connections from this address", node.Observer.Refusals);
    }

    [Fact]
    public async Task Each_part_of_a_transfer_is_one_timed_request_of_its_kind()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var bytes = TestFolder.Noise(3_000_000, 1);
        await client.SendAsync(node.Request("o") with { FreshSession = true }, TransferSource.FromMemory(bytes));
        await WaitUntilAsync(() => node.Observer.Ended.Count == 1);
        var kinds = node.Observer.Requests.ToArray();
        Assert.All(kinds, r => Assert.Equal((VersionLabel.V3, RequestOutcome.Ok), (r.Version, r.Outcome)));
        Assert.Equal(Enum.GetValues<RequestKind>().Order(), kinds.Select(r => r.Kind).Distinct().Order());
        Assert.Equal(bytes.Length, node.Observer.Raw);
        Assert.InRange(node.Observer.Wire, bytes.Length, bytes.Length * 1.02);
        Assert.Null(Assert.Single(node.Observer.Ended).Failure);
    }

    [Fact]
    public async Task A_reused_session_serves_many_small_objects_and_a_fresh_one_each_when_asked()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        for (var i = 0; i < 50; i++) await client.SendAsync(node.Request($"small/{i}"), TransferSource.FromMemory(TestFolder.Noise(2000, i)));
        Assert.Single(node.Observer.Started);
        for (var i = 0; i < 5; i++) await client.SendAsync(node.Request($"small/{i}") with { FreshSession = true }, TransferSource.FromMemory(TestFolder.Noise(3000, i)));
        Assert.True(node.Observer.Started.Count >= 5);
        Assert.Equal(50, (await client.ListAsync(node.Request("small"))).Count);
    }

    [Fact]
    public async Task Injected_server_faults_count_as_server_errors_and_the_client_tries_again()
    {
        var faults = new EveryOther();
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Faults = faults });
        await using var client = new TransferClient([new V3ClientProtocol()]);
        for (var i = 0; i < 5; i++) await client.SendAsync(node.Request($"o{i}"), TransferSource.FromMemory(TestFolder.Noise(1000, i)));
        Assert.Equal(faults.Injected, node.Observer.Requests.Count(r => r.Outcome == RequestOutcome.ServerError));
        Assert.True(faults.Injected > 0);
        Assert.Equal(5, node.Store.OpenPrincipal("alice").List().Count);
    }

    [Fact]
    public void Components_have_metrics_of_their_own_and_pass_their_self_tests()
    {
        foreach (var component in TransportComponents.All)
        {
            var test = component.RunSelfTest(default);
            Assert.True(test.Passed, test.Detail);
            Assert.True(component.ReadMetrics().Count >= 2);
            Assert.All(component.ReadMetrics(), m => Assert.StartsWith($"dwcp_{component.Name.ToLowerInvariant()}_", m.Name));
        }
    }

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        var limit = DateTime.UtcNow.AddSeconds(60);
        while (!condition())
        {
            Assert.True(DateTime.UtcNow < limit, "it did not come true within 60 s");
            await Task.Delay(5);
        }
    }

    private sealed class Reporter(Action<TransferProgress> report) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => report(value);
    }

    private sealed class EveryOther : ISessionFaults
    {
        private int _asked;

        public int Injected => _asked / 4;

        // Every fourth request of any kind but the opening.
        public SessionFault Next(string version, RequestKind kind) => kind == RequestKind.SessionOpen ? default : new SessionFault(Interlocked.Increment(ref _asked) % 4 == 0, TimeSpan.Zero);
    }
}
