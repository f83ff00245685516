using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>Sends an object through the real sender, frames and receiver over a loopback connection.</summary>
internal static class ExchangeSelfTest
{
    public static ComponentSelfTest Run(CancellationToken ct) => SelfTest.Run(token => RunAsync(token).GetAwaiter().GetResult(), ct);

    private static async Task<string> RunAsync(CancellationToken ct)
    {
        var bytes = new byte[768 * 1024];
        new Random(3).NextBytes(bytes.AsSpan(0, 512 * 1024)); // a third is zeros
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(1);
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, ct).ConfigureAwait(false);
        using var server = await listener.AcceptTcpClientAsync(ct).ConfigureAwait(false);
        await using var here = new FrameChannel(client.GetStream()) { MaxFrameBytes = WireLimits.MaxFrame };
        await using var there = new FrameChannel(server.GetStream()) { MaxFrameBytes = WireLimits.MaxFrame };
        var inbox = Channel.CreateUnbounded<Frame>();
        using var sink = new BufferSink(bytes.Length);
        using var receiver = new ObjectReceiver(sink);
        var context = new TransferContext();
        var sending = new ObjectSender(here, 1, new ChunkingSource(SourceEntries.Of(TransferSource.FromMemory(bytes))), context).SendAsync(inbox.Reader, ct);
        var receiving = ReceiveAsync(there, receiver, ct);
        var reading = ReadAnswersAsync(here, inbox.Writer, ct);
        var root = await sending.ConfigureAwait(false);
        await receiving.ConfigureAwait(false);
        await reading.ConfigureAwait(false);
        SelfTest.Require(sink.Committed is { } committed && committed.Span.SequenceEqual(bytes), "The bytes that arrived are not those that were sent.");
        SelfTest.Require(context.Counters.ChunkBytes < bytes.Length, "Zeros travelled.");
        return $"one object of 768 KiB through sender, frames and receiver: {context.Counters.ChunkBytes} bytes of chunks travelled, root {root.ToString()[..12]} on both sides";
    }

    private static async Task ReceiveAsync(FrameChannel frames, ObjectReceiver receiver, CancellationToken ct)
    {
        while (await frames.ReadAsync(ct).ConfigureAwait(false) is { } frame)
        {
            using (frame)
            {
                using var answer = new WireWriter();
                switch (frame.Type)
                {
                    case FrameType.Segment:
                        await receiver.HandleSegmentAsync(frame.Payload, answer, ct).ConfigureAwait(false);
                        await frames.WriteAsync(FrameType.SegmentAnswer, 1, answer, ct).ConfigureAwait(false);
                        await frames.FlushAsync(ct).ConfigureAwait(false);
                        break;
                    case FrameType.Chunks:
                        await receiver.HandleChunksAsync(frame.Payload, ct).ConfigureAwait(false);
                        break;
                    default:
                        answer.Hash(await receiver.HandleCommitAsync(frame.Payload, null, ct).ConfigureAwait(false));
                        await frames.WriteAsync(FrameType.Committed, 1, answer, ct).ConfigureAwait(false);
                        await frames.FlushAsync(ct).ConfigureAwait(false);
                        return;
                }
            }
        }
    }

    private static async Task ReadAnswersAsync(FrameChannel frames, ChannelWriter<Frame> inbox, CancellationToken ct)
    {
        while (await frames.ReadAsync(ct).ConfigureAwait(false) is { } frame)
        {
            await inbox.WriteAsync(frame, ct).ConfigureAwait(false);
            if (frame.Type == FrameType.Committed) return;
        }
    }
}
