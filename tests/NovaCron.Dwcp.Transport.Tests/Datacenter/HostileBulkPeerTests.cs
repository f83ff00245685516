using System.IO.Hashing;
using System.Net;
using System.Net.Sockets;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Tests.Datacenter;

/// <summary>What an authenticated peer can do with a bulk stream: spoil its own transfer, and nothing else.</summary>
public sealed class HostileBulkPeerTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("checksum", DwcpErrorCode.CorruptChunk)]
    [InlineData("tag", DwcpErrorCode.CorruptChunk)]
    [InlineData("payload", DwcpErrorCode.CorruptChunk)]
    [InlineData("no tags", DwcpErrorCode.ProtocolViolation)]
    [InlineData("other extent", DwcpErrorCode.ProtocolViolation)]
    [InlineData("digest", DwcpErrorCode.CorruptChunk)]
    public async Task A_lie_ends_the_transfer_and_nothing_is_committed(string lie, DwcpErrorCode code)
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = BulkTests.Policy() });
        await using var raw = await OpenAsync(node.Port);
        var bytes = TestFolder.Noise(100_000, 1);
        var (answer, payload) = await PutAsync(raw, 1, bytes);
        using var open = payload;
        using var mac = new PieceMac(answer.Key);
        var notice = new ExtentNotice { Extent = 0, Checksum = XxHash3.HashToUInt64(bytes), TagCount = 1 };
        mac.Compute(0, bytes, notice.Tag(0));
        if (lie == "checksum") notice.Checksum ^= 1;
        if (lie == "tag") notice.Tag(0)[3] ^= 1;
        if (lie == "no tags") notice.TagCount = 0;
        if (lie == "other extent") notice.Extent = 7;
        if (lie == "payload") bytes[99_999] ^= 1;
        await payload.SendAsync(bytes);
        await raw.SendAsync(FrameType.Extent, 1, notice.Write);
        if (lie == "digest") await raw.SendAsync(FrameType.BulkDigest, 1, w => w.Hash(ContentHash.Of(bytes)));
        Assert.Equal(code, (await raw.ReadErrorAsync()).Code);
        Assert.Empty(node.Store.OpenPrincipal("alice").List());
        var journals = Directory.GetFiles(_folder.At("store"), "*.journal", SearchOption.AllDirectories);
        Assert.True(lie == "digest" ? journals.Length == 0 : new FileInfo(journals.Single()).Length == 40, "something unverified was journalled");
    }

    [Fact]
    public async Task A_payload_that_breaks_while_its_session_stands_ends_the_transfer()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = BulkTests.Policy() });
        await using var raw = await OpenAsync(node.Port);
        var (_, payload) = await PutAsync(raw, 1, new byte[2 * BulkLimits.ExtentBytes]);
        payload.Dispose();
        Assert.Equal(DwcpErrorCode.ConnectionFailed, (await raw.ReadErrorAsync()).Code);
    }

    [Fact]
    public async Task Strangers_who_say_nothing_do_not_keep_the_right_connection_waiting()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = BulkTests.Policy(authenticate: false) });
        await using var raw = await OpenAsync(node.Port);
        var bytes = TestFolder.Noise(50_000, 4);
        var answer = await OfferAsync(raw, 1, bytes);
        using var strangers = new SilentStrangers(answer.Port, 8);
        using var payload = await PayloadListener.ConnectAsync(new IPEndPoint(IPAddress.Loopback, answer.Port), answer.Token, TimeSpan.FromSeconds(30), default);
        await payload.SendAsync(bytes);
        await raw.SendAsync(FrameType.Extent, 1, new ExtentNotice { Checksum = XxHash3.HashToUInt64(bytes) }.Write);
        using var verified = await raw.ReadAsync();
        Assert.Equal(FrameType.ExtentVerified, verified!.Type);
        Assert.Equal(8, await strangers.CountDroppedAsync());
    }

    [Fact]
    public async Task A_connection_without_the_token_is_dropped_and_the_right_one_still_gets_through()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = BulkTests.Policy() });
        await using var raw = await OpenAsync(node.Port);
        var bytes = TestFolder.Noise(50_000, 2);
        var answer = await OfferAsync(raw, 1, bytes);
        using (var stranger = await PayloadListener.ConnectAsync(new IPEndPoint(IPAddress.Loopback, answer.Port), new byte[BulkLimits.TokenBytes], TimeSpan.FromSeconds(30), default))
        {
            Assert.Equal(0, await ReadToEndAsync(stranger));
        }

        using var payload = await PayloadListener.ConnectAsync(new IPEndPoint(IPAddress.Loopback, answer.Port), answer.Token, TimeSpan.FromSeconds(30), default);
        using var mac = new PieceMac(answer.Key);
        var notice = new ExtentNotice { Checksum = XxHash3.HashToUInt64(bytes), TagCount = 1 };
        mac.Compute(0, bytes, notice.Tag(0));
        await payload.SendAsync(bytes);
        await raw.SendAsync(FrameType.Extent, 1, notice.Write);
        using var verified = await raw.ReadAsync();
        Assert.Equal(FrameType.ExtentVerified, verified!.Type);
    }

    [Fact]
    public async Task More_extents_than_there_are_credits_end_the_transfer()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = BulkTests.Policy(authenticate: false) });
        await using var raw = await OpenAsync(node.Port);
        var (_, payload) = await PutAsync(raw, 1, new byte[20 * BulkLimits.ExtentBytes]);
        using var open = payload;
        for (var extent = 0; extent <= BulkLimits.Credits; extent++) await raw.SendAsync(FrameType.Extent, 1, new ExtentNotice { Extent = extent }.Write);
        var e = await raw.ReadErrorAsync();
        Assert.Equal(DwcpErrorCode.ProtocolViolation, e.Code);
        Assert.Contains("not acknowledged", e.Message);
    }

    [Fact]
    public async Task A_peer_that_was_not_offered_the_bulk_path_cannot_use_it()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await OpenAsync(node.Port, expected: 0);
        await raw.SendAsync(FrameType.BulkGet, 1, w => new BulkOffer(RelativePath.Parse("o"), 0, BulkCarrier.Sockets, 0, null, []).Write(w));
        Assert.Equal(DwcpErrorCode.ProtocolViolation, (await raw.ReadErrorAsync()).Code);
    }

    [Fact]
    public async Task An_old_client_that_announces_nothing_gets_nothing_announced()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = BulkTests.Policy() });
        await using var raw = await RawClient.ConnectAsync(node.Port);
        await raw.SendAsync(FrameType.Open, 0, w => new OpenMessage([3], "raw", TestNode.Key, "").Write(w));
        using var reply = await raw.ReadAsync();
        Assert.Equal(0UL, FeaturesOf(reply!));
    }

    [Fact]
    public async Task The_same_source_cannot_be_received_twice_at_once()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), o => o with { Datacenter = BulkTests.Policy() });
        await using var raw = await OpenAsync(node.Port);
        var bytes = TestFolder.Noise(50_000, 3);
        await OfferAsync(raw, 1, bytes);
        await SendOfferAsync(raw, 2, bytes.Length);
        Assert.Equal(DwcpErrorCode.Busy, (await raw.ReadErrorAsync()).Code);
    }

    private static async Task<RawClient> OpenAsync(int port, ulong expected = WireLimits.BulkFeature)
    {
        var client = await RawClient.ConnectAsync(port);
        await client.SendAsync(FrameType.Open, 0, w => new OpenMessage([3], "raw", TestNode.Key, "", WireLimits.BulkFeature | 0xF0).Write(w));
        using var reply = await client.ReadAsync();
        Assert.Equal(expected, FeaturesOf(reply!));
        return client;
    }

    private static ulong FeaturesOf(Frame reply)
    {
        Assert.Equal(FrameType.OpenReply, reply.Type);
        var reader = new WireReader(reply.Payload.Span);
        Assert.Equal(3, reader.Count("version", 10));
        reader.Text("session", 64);
        return reader.Varint();
    }

    private static async Task<(BulkAnswer Answer, Socket Payload)> PutAsync(RawClient raw, int stream, byte[] bytes)
    {
        var answer = await OfferAsync(raw, stream, bytes);
        return (answer, await PayloadListener.ConnectAsync(new IPEndPoint(IPAddress.Loopback, answer.Port), answer.Token, TimeSpan.FromSeconds(30), default));
    }

    private static async Task<BulkAnswer> OfferAsync(RawClient raw, int stream, byte[] bytes)
    {
        await SendOfferAsync(raw, stream, bytes.Length);
        using var frame = await raw.ReadAsync();
        Assert.Equal(FrameType.BulkPutAnswer, frame!.Type);
        return BulkAnswer.Read(frame.Payload.Span, bytes.Length);
    }

    private static Task SendOfferAsync(RawClient raw, int stream, long bytes) => raw.SendAsync(FrameType.BulkPut, stream, w => new BulkOffer(
        RelativePath.Parse("o"), 0, BulkCarrier.Sockets, BulkDemands.None, new EntryHeader(EntryKind.File, RelativePath.Root, null, 0, bytes, ""), new byte[BulkLimits.IdentityBytes]).Write(w));

    private static async Task<int> ReadToEndAsync(Socket socket)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            return await socket.ReceiveAsync(new byte[1], limit.Token);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return 0;
        }
    }

    private sealed class SilentStrangers : IDisposable
    {
        private readonly Socket[] _sockets;

        public SilentStrangers(int port, int count)
        {
            _sockets = [.. Enumerable.Range(0, count).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))];
            foreach (var socket in _sockets) socket.Connect(IPAddress.Loopback, port);
        }

        public async Task<int> CountDroppedAsync()
        {
            var dropped = 0;
            foreach (var socket in _sockets)
            {
                if (await ReadToEndAsync(socket) == 0) dropped++;
            }

            return dropped;
        }

        public void Dispose()
        {
            foreach (var socket in _sockets) socket.Dispose();
        }
    }
}
