using System.Net;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Rdma;

namespace NovaCron.Dwcp.Transport.Tests.Rdma;

/// <summary>The library as it is installed here: puts, gets, messages, failures. Two links of this process, each on a thread of its own.</summary>
[Collection("UCX, one at a time")]
public sealed class UcxTests(ITestOutputHelper output)
{
    private const string SharedMemory = "posix,sysv,self";
    private const string Tcp = "tcp,self";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static TheoryData<string> Transports => [SharedMemory, Tcp];

    private static void RequireUcx()
    {
        if (UcxLibrary.Instance is null) Assert.Skip(UcxLibrary.Finding);
    }

    [Fact]
    public void A_library_that_is_not_there_is_told_with_its_remedy()
    {
        var (library, reason) = UcxLibrary.TryLoad("libucp-of-nobody.so.0", "libucs-of-nobody.so.0");
        Assert.Null(library);
        Assert.Contains("apt-get install libucx0", reason);
    }

    [Fact]
    public void A_library_that_is_something_else_is_told_by_the_function_that_it_lacks()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("libc.so.6 is Linux's.");
        var (library, reason) = UcxLibrary.TryLoad("libc.so.6", "libc.so.6");
        Assert.Null(library);
        Assert.Contains("ucp_init_version", reason);
    }

    [Theory]
    [InlineData("1.12.1", false)]
    [InlineData("1.13.0", true)]
    [InlineData("1.18.1", true)]
    [InlineData("1.22.0", true)]
    [InlineData("2.0.0", false)]
    public void Only_versions_whose_layouts_are_known_are_used(string version, bool known) => Assert.Equal(known, UcxLibrary.Refuse(Version.Parse(version)) is null);

    [Fact]
    public void Lanes_are_read_from_what_the_library_prints()
    {
        const string text = """
            #                 lane[0]:  3:sysv/memory.0 md[2]      -> md[2]/sysv/sysdev[255] rma_bw#0 am am_bw#0
            #                 lane[1]:  8:rc_verbs/rxe0:1.0 md[3]  -> md[3]/ib/sysdev[1] wireup
            """;
        Assert.Equal(["sysv/memory", "rc_verbs/rxe0:1"], UcxLanes.Parse(text));
        Assert.Equal("rc_verbs (UCX)", UcxLanes.Describe(UcxLanes.Parse(text)));
        Assert.Equal("TCP (UCX)", UcxLanes.Describe(["tcp/lo"]));
        Assert.Equal("shared memory (UCX)", UcxLanes.Describe(["posix/memory", "tcp/lo"]));
    }

    [Theory]
    [MemberData(nameof(Transports))]
    public async Task Bytes_that_were_put_are_in_the_peers_memory_after_the_flush_and_can_be_got_back(string transports)
    {
        RequireUcx();
        await RunAsync(transports, (sender, receiver, stop) =>
        {
            var bytes = TestFolder.Noise(BulkLimits.ExtentBytes, 1);
            bytes.CopyTo(sender.Region.Slice(0, bytes.Length));
            var worker = sender.Worker;
            worker.Finish(sender.Endpoint.Put(sender.Region, 0, bytes.Length, sender.PeerAddress + BulkLimits.ExtentBytes, sender.PeerKey), "put");
            worker.Finish(sender.Endpoint.Flush(), "flush");
            Assert.True(receiver.Region.Slice(BulkLimits.ExtentBytes, bytes.Length).SequenceEqual(bytes));
            worker.Finish(sender.Endpoint.Get(sender.Region, BulkLimits.ExtentBytes, bytes.Length, sender.PeerAddress + BulkLimits.ExtentBytes, sender.PeerKey), "get");
            worker.Finish(sender.Endpoint.Flush(), "flush");
            Assert.True(sender.Region.Slice(BulkLimits.ExtentBytes, bytes.Length).SequenceEqual(bytes));
            Assert.Equal(transports == Tcp ? "TCP (UCX)" : "shared memory (UCX)", UcxLanes.Describe(sender.Endpoint.Transports()));
        });
    }

    [Theory]
    [InlineData(SharedMemory, false)]
    [InlineData(Tcp, false)]
    [InlineData(Tcp, true)]
    public async Task A_bulk_stream_over_UCX_verifies_its_own_copy(string transports, bool messages)
    {
        RequireUcx();
        using var folder = new TestFolder();
        var bytes = TestFolder.Noise((11 * BulkLimits.ExtentBytes) + 12_345, 2);
        var key = new byte[BulkLimits.KeyBytes];
        using var partial = Partial(folder, bytes.Length);
        var (sender, receiver) = await ConnectAsync(transports, messages);
        using var writer = UcxCarriers.Writer(sender, messages);
        using var reader = UcxCarriers.Reader(receiver, messages);
        using var sendMac = new PieceMac(key);
        using var receiveMac = new PieceMac(key);
        await StreamAsync(new BytesSource(bytes), partial, writer, reader, sendMac, receiveMac, null);
        Assert.Equal(bytes.Length, partial.Map.PresentBytes);
        Assert.True(File.ReadAllBytes(folder.At("data")).AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task A_buffer_that_is_written_again_after_its_put_is_refused()
    {
        RequireUcx();
        using var folder = new TestFolder();
        var bytes = TestFolder.Noise(3 * BulkLimits.ExtentBytes, 3);
        using var partial = Partial(folder, bytes.Length);
        var (sender, receiver) = await ConnectAsync(SharedMemory);
        using var writer = new UcxPayloadWriter(sender);
        using var reader = new UcxPayloadReader(receiver);
        // The peer's own puts, between the announcement and the copy.
        void Rewrite(ExtentNotice notice)
        {
            if (notice.Extent == 1) receiver.Region.Slice(BulkLimits.ExtentBytes + 5, 1)[0] ^= 1;
        }

        var e = await Assert.ThrowsAsync<DwcpProtocolException>(() => StreamAsync(new BytesSource(bytes), partial, writer, reader, null, null, Rewrite));
        Assert.Equal(DwcpErrorCode.CorruptChunk, e.Code);
        Assert.Equal(1, partial.Map.Present);
        Assert.False(partial.Map[1]);
    }

    [Fact]
    public async Task A_peer_that_dies_breaks_the_stream_with_a_network_error()
    {
        RequireUcx();
        using var folder = new TestFolder();
        using var partial = Partial(folder, 3 * BulkLimits.ExtentBytes);
        var (sender, receiver) = await ConnectAsync(Tcp);
        using var reader = new UcxPayloadReader(receiver);
        var running = new ExtentReceiver(partial, reader, null, _ => { }).RunAsync();
        sender.Dispose();
        var e = await Assert.ThrowsAnyAsync<DwcpTransferException>(() => running.WaitAsync(Limit));
        Assert.Equal(DwcpFault.Network, e.Fault);
        Assert.Equal(0, partial.Map.Present);
    }

    [Fact]
    public async Task What_is_no_key_of_the_peer_is_refused_before_anything_is_put()
    {
        RequireUcx();
        await RunAsync(Tcp, (sender, _, _) =>
        {
            Assert.Throws<DwcpProtocolException>(() => sender.UsePeerRegion(new byte[8], Limit, default));
            Assert.Throws<ArgumentOutOfRangeException>(() => sender.Endpoint.Put(sender.Region, sender.Region.Length - 1, 2, sender.PeerAddress, sender.PeerKey));
            Assert.Throws<ArgumentOutOfRangeException>(() => sender.Region.Slice(sender.Region.Length, 1).Length);
        });
    }

    [Fact]
    public async Task A_connection_from_another_address_than_the_sessions_is_rejected()
    {
        RequireUcx();
        using var receiver = UcxLink.Open(receives: true, Tcp);
        var port = receiver.Listen(IPAddress.Loopback, 0, IPAddress.Parse("192.0.2.7"));
        using var stop = new CancellationTokenSource();
        var accepting = DataThread.Run("accept", () => receiver.Accept(TimeSpan.FromSeconds(60), stop.Token));
        using var sender = UcxLink.Open(receives: false, Tcp);
        await Assert.ThrowsAnyAsync<DwcpTransferException>(() => DataThread.Run("connect", () =>
        {
            sender.Connect(new IPEndPoint(IPAddress.Loopback, port));
            sender.UsePeerRegion(new byte[9], Limit, default);
        }));
        Assert.False(accepting.IsCompleted);
        await stop.CancelAsync();
        await BulkReceiving.EndOf(accepting);
    }

    [Fact]
    public async Task Links_come_and_go_without_leaving_memory_or_descriptors_behind()
    {
        RequireUcx();
        for (var i = 0; i < 3; i++) await OneLinkAsync();
        var before = (Maps: Maps(), Descriptors: Descriptors());
        // A soak on request: DWCP_UCX_LINKS=10000 takes minutes.
        var links = int.Parse(Environment.GetEnvironmentVariable("DWCP_UCX_LINKS") ?? "25", System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < links; i++) await OneLinkAsync();
        output.WriteLine($"{links} links; memory maps of the library {before.Maps} before, {Maps()} after; descriptors {before.Descriptors} and {Descriptors()}; resident {Environment.WorkingSet >> 20} MiB");
        Assert.InRange(Descriptors(), 0, before.Descriptors + 8);
        Assert.InRange(Maps(), 0, before.Maps + 8);

        // The library's own kinds only: other tests run in this process at the same time.
        static int Maps() => File.ReadLines("/proc/self/maps").Count(l => l.Contains("ucx", StringComparison.Ordinal) || l.Contains("SYSV", StringComparison.Ordinal));

        static int Descriptors() => Directory.GetFiles("/proc/self/fd")
            .Select(f => new FileInfo(f).LinkTarget ?? "")
            .Count(t => t.Contains("ucx", StringComparison.Ordinal) || t.Contains("eventfd", StringComparison.Ordinal) || t.Contains("eventpoll", StringComparison.Ordinal));

        static async Task OneLinkAsync()
        {
            var (sender, receiver) = await ConnectAsync(SharedMemory);
            sender.Dispose();
            receiver.Dispose();
            Assert.Equal(0, sender.Context.Regions + receiver.Context.Regions);
        }
    }

    private static PartialExtents Partial(TestFolder folder, long bytes)
    {
        var files = new Files.DiskFiles(folder.Path);
        var partial = new PartialExtents(files.Create("data"), files.Create("journal"), bytes, new byte[BulkLimits.IdentityBytes], packed: false);
        partial.Begin(forget: true, null, default);
        return partial;
    }

    // Sender and receiver without a session between them: the notices go straight across.
    private static async Task StreamAsync(
        IExtentSource source, PartialExtents partial, IPayloadWriter writer, IPayloadReader reader, PieceMac? sendMac, PieceMac? receiveMac, Action<ExtentNotice>? before)
    {
        ExtentSender? sender = null;
        var receiver = new ExtentReceiver(partial, reader, receiveMac, extent => sender!.Acknowledge(extent));
        sender = new ExtentSender(
            source,
            partial.Map.Missing(),
            writer,
            sendMac,
            notice =>
            {
                before?.Invoke(notice);
                using var frame = new Protocol.WireWriter();
                notice.Write(frame);
                receiver.Deliver(frame.Written);
            },
            null);
        var receiving = receiver.RunAsync();
        var sending = sender.RunAsync();
        try
        {
            await Task.WhenAny(receiving, sending).WaitAsync(TimeSpan.FromMinutes(1));
            if (receiving.IsFaulted) await receiving;
            await Task.WhenAll(receiving, sending).WaitAsync(TimeSpan.FromMinutes(1));
        }
        finally
        {
            sender.Stop(new OperationCanceledException());
            receiver.Stop(new OperationCanceledException());
            await BulkReceiving.EndOf(receiving);
            await BulkReceiving.EndOf(sending);
        }
    }

    private static async Task RunAsync(string transports, Action<UcxLink, UcxLink, CancellationToken> body)
    {
        var (sender, receiver) = await ConnectAsync(transports);
        using var stop = new CancellationTokenSource();
        // The receiver's library may have to move the bytes: it makes progress all the while.
        var progress = DataThread.Run("progress", () =>
        {
            while (!stop.IsCancellationRequested) receiver.Worker.Wait();
        });
        try
        {
            await DataThread.Run("body", () => body(sender, receiver, stop.Token));
        }
        finally
        {
            await stop.CancelAsync();
            receiver.Worker.Wake();
            await progress;
            sender.Dispose();
            receiver.Dispose();
        }
    }

    private static async Task<(UcxLink Sender, UcxLink Receiver)> ConnectAsync(string transports, bool messages = false)
    {
        var receiver = UcxLink.Open(receives: true, transports, messages);
        var port = transports == Tcp ? receiver.Listen(IPAddress.Loopback, 0, IPAddress.Loopback) : 0;
        var address = receiver.Worker.Address();
        var sender = UcxLink.Open(receives: false, transports, messages);
        var description = receiver.DescribeRegion();
        using var connected = new CancellationTokenSource();
        var accepting = DataThread.Run("accept", () =>
        {
            if (transports == Tcp) receiver.Accept(Limit, default);
            while (!connected.IsCancellationRequested) receiver.Worker.Wait();
        });
        await DataThread.Run("connect", () =>
        {
            if (transports == Tcp) sender.Connect(new IPEndPoint(IPAddress.Loopback, port));
            else sender.Connect(address);
            if (messages) sender.WaitForGreeting(Limit, default);
            else sender.UsePeerRegion(description, Limit, default);
        });
        await connected.CancelAsync();
        receiver.Worker.Wake();
        await accepting;
        return (sender, receiver);
    }

    private sealed class BytesSource(byte[] bytes) : IExtentSource
    {
        public long Length => bytes.Length;

        public void ReadPiece(long piece, Span<byte> destination) => bytes.AsSpan((int)(piece * BulkLimits.PieceBytes), destination.Length).CopyTo(destination);
    }
}
