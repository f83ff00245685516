using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;
using NovaCron.Dwcp.Rehearsal.Api;
using NovaCron.Dwcp.Rehearsal.Spdy;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

/// <summary>Port forwarding at the level of SPDY frames; kubectl itself is in the tests of the cluster.</summary>
public sealed class SpdyTests
{
    [Fact]
    public void The_dictionary_is_that_of_SPDY_3() => Assert.Equal((1423, 0xE3C6A7C2u), (SpdyDictionary.Bytes.Length, SpdyDictionary.Checksum));

    [Fact]
    public async Task Two_streams_of_one_request_reach_the_port_and_come_back()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var echo = EchoAsync(listener);
        var (asked, answers) = (new Pipe(), new Pipe());
        using var forwarding = new SpdyPortForwarding(new Duplex(asked.Reader.AsStream(), answers.Writer.AsStream()), "127.0.0.1");
        var running = forwarding.RunAsync(TestContext.Current.CancellationToken);
        await asked.Writer.WriteAsync(Conversation(((IPEndPoint)listener.LocalEndpoint).Port).ToArray(), TestContext.Current.CancellationToken);
        var text = "";
        while (!text.Contains("hello", StringComparison.Ordinal))
        {
            var read = await answers.Reader.ReadAsync(TestContext.Current.CancellationToken);
            text += Encoding.ASCII.GetString(read.Buffer);
            answers.Reader.AdvanceTo(read.Buffer.End);
        }
        await asked.Writer.CompleteAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await echo;
    }

    [Fact]
    public async Task Damaged_frames_end_the_connection_and_nothing_else()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var whole = Conversation(((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        var random = new Random(20261124);
        for (var round = 0; round < 400; round++)
        {
            var bytes = whole.ToList();
            for (var i = random.Next(3); i >= 0; i--)
            {
                switch (random.Next(4))
                {
                    case 0: bytes[random.Next(bytes.Count)] = (byte)random.Next(256); break;
                    case 1: bytes.RemoveAt(random.Next(bytes.Count)); break;
                    case 2: bytes.Insert(random.Next(bytes.Count), (byte)random.Next(256)); break;
                    default: bytes.RemoveRange(random.Next(bytes.Count), 1); break;
                }
            }
            // Returns whatever came: a defect would throw, or never end.
            using var forwarding = new SpdyPortForwarding(new Duplex(new MemoryStream([.. bytes]), Stream.Null), "127.0.0.1");
            await forwarding.RunAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }
    }

    private static async Task EchoAsync(TcpListener listener)
    {
        using var client = await listener.AcceptTcpClientAsync();
        await client.GetStream().CopyToAsync(client.GetStream());
    }

    // An error stream, a data stream, five bytes with the end of the stream, a ping.
    private static IEnumerable<byte> Conversation(int port)
    {
        byte[] zlib = [0x78, 0x20, .. Number((int)SpdyDictionary.Checksum)];
        return
        [
            .. Control(1, [.. Number(1), .. Number(0), 0, 0, .. zlib, .. Headers(("streamtype", "error"), ("port", $"{port}"), ("requestid", "0"))]),
            .. Control(1, [.. Number(3), .. Number(0), 0, 0, .. Headers(("streamtype", "data"), ("port", $"{port}"), ("requestid", "0"))]),
            .. Number(3), 1, 0, 0, 5, .. "hello"u8,
            .. Control(6, Number(1)),
        ];
    }

    private static byte[] Control(byte type, byte[] payload) => [0x80, 3, 0, type, 0, 0, (byte)(payload.Length >> 8), (byte)payload.Length, .. payload];

    // A stored block, and an empty one that flushes it.
    private static byte[] Headers(params (string Name, string Value)[] headers)
    {
        byte[] block = [.. Number(headers.Length), .. headers.SelectMany(h => (byte[])[.. Text(h.Name), .. Text(h.Value)])];
        return [0, (byte)block.Length, 0, (byte)~block.Length, 0xFF, .. block, 0, 0, 0, 0xFF, 0xFF];
    }

    private static byte[] Text(string text) => [.. Number(text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private sealed class Duplex(Stream read, Stream write) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => read.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => write.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => write.FlushAsync(cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => read.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => write.Write(buffer, offset, count);

        public override void Flush() => write.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
