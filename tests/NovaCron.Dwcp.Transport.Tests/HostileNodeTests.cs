using System.IO.Hashing;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>What a node can do to a client that trusts its certificate: fail its transfer, and nothing else.</summary>
public sealed class HostileNodeTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Mutated_answers_end_in_the_clients_own_exceptions_and_leave_no_file()
    {
        var random = new Random(20260104);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var whole = 0;
        for (var round = 0; round < 120; round++)
        {
            var serving = ServeAsync(listener, round == 0 ? null : random);
            var request = TestNode.RequestTo(port, "o") with { GiveUpAfter = TimeSpan.Zero, FreshSession = true, ConnectTimeout = TimeSpan.FromMinutes(1) };
            var target = _folder.At($"received-{round}");
            try
            {
                await client.ReceiveAsync(request, TransferSink.ToPath(target)).WaitAsync(TimeSpan.FromMinutes(2));
                whole++;
                Assert.Equal(Chunk, File.ReadAllBytes(target));
            }
            catch (DwcpTransferException)
            {
                Assert.False(File.Exists(target), $"round {round} left a file that was not verified");
            }

            await serving;
        }

        Assert.True(whole >= 1, "not even the answer that was left alone arrived");
        Assert.Empty(Directory.GetFiles(_folder.Path, "escaped*", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_record_that_names_a_known_chunk_with_another_length_does_not_ride_on_it()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var client = new TransferClient([new V3ClientProtocol()]);
        foreach (var liar in new[] { Chunk.Length - 1, Chunk.Length + 1, 1 })
        {
            foreach (var sink in new[] { TransferSink.ToPath(_folder.At("liar")), TransferSink.ToMemory() })
            {
                var serving = ServeAsync(listener, null, liar);
                var request = TestNode.RequestTo(((IPEndPoint)listener.LocalEndpoint).Port, "o") with { GiveUpAfter = TimeSpan.Zero, FreshSession = true };
                await Assert.ThrowsAnyAsync<DwcpTransferException>(() => client.ReceiveAsync(request, sink).WaitAsync(TimeSpan.FromSeconds(60)));
                Assert.False(File.Exists(_folder.At("liar")));
                await serving;
            }
        }
    }

    private static byte[] Chunk { get; } = TestFolder.Noise(3000, 5);

    private static async Task ServeAsync(TcpListener listener, Random? random, int? secondLength = null)
    {
        using var tcp = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            ServerCertificate = TestIdentity.Shared.Server,
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [new SslApplicationProtocol("dwcp/3")],
        });
        await using var channel = new FrameChannel(tls) { MaxFrameBytes = WireLimits.MaxFrame };
        try
        {
            (await channel.ReadAsync(default))?.Dispose(); // Open
            foreach (var (type, stream, payload) in Answers(secondLength))
            {
                var mutated = random is not null && random.Next(3) == 0 ? Mutate(payload, random) : payload;
                var sentType = random is not null && random.Next(25) == 0 ? (FrameType)random.Next(40) : type;
                await channel.WriteAsync(sentType, stream, mutated, default);
                await channel.FlushAsync(default);
                // What names a stream may come only after the client opened it.
                if (type == FrameType.OpenReply && await channel.ReadAsync(default) is { } request) request.Dispose();
            }

            await tls.ShutdownAsync();
            while (await channel.ReadAsync(default) is { } frame) frame.Dispose();
        }
        catch (Exception e) when (e is DwcpTransferException or IOException)
        {
            return; // the client closed on us, as it may
        }
    }

    private static List<(FrameType Type, int Stream, byte[] Payload)> Answers(int? secondLength)
    {
        static byte[] Write(Action<WireWriter> write)
        {
            using var writer = new WireWriter();
            write(writer);
            return writer.Written.ToArray();
        }

        var entry = new EntryHeader(EntryKind.File, RelativePath.Root, 0x1A4, 5, Chunk.Length + (secondLength ?? 0), "");
        var hasher = new ObjectHasher();
        hasher.Begin(entry);
        hasher.AddChunk(ContentHash.Of(Chunk), Chunk.Length);
        if (secondLength is { } also) hasher.AddChunk(ContentHash.Of(Chunk), also);
        hasher.EndFile();
        var bytes = Chunk.Length + (secondLength ?? 0);
        var payload = new byte[] { 0 }.Concat(Chunk).ToArray();
        return
        [
            (FrameType.OpenReply, 0, Write(w => w.Number(3).Text("session").Number(0))),
            (FrameType.GetReply, 1, Write(w => w.Hash(hasher.Root()).Number(bytes).Number(1))),
            (FrameType.Segment, 1, Write(w =>
            {
                w.Number(0).Number(secondLength is null ? 3 : 4);
                ManifestRecord.WriteEntry(w, entry);
                ManifestRecord.WriteChunk(w, ContentHash.Of(Chunk), Chunk.Length);
                if (secondLength is { } lie) ManifestRecord.WriteChunk(w, ContentHash.Of(Chunk), lie);
                ManifestRecord.WriteEndFile(w);
            })),
            (FrameType.Chunks, 1, Write(w => w.Number(0).Number(1).Number(0).Number(payload.Length).UInt64(XxHash3.HashToUInt64(payload)).Bytes(payload))),
            (FrameType.Commit, 1, Write(w => w.Hash(hasher.Root()).Number(bytes).Number(1).Number(1))),
        ];
    }

    private static byte[] Mutate(byte[] payload, Random random)
    {
        var bytes = payload.ToList();
        switch (random.Next(4))
        {
            case 0: bytes[random.Next(Math.Min(bytes.Count, 64))] = (byte)random.Next(256); break;
            case 1: bytes.RemoveAt(random.Next(bytes.Count)); break;
            case 2: bytes.Insert(random.Next(Math.Min(bytes.Count, 64) + 1), (byte)random.Next(256)); break;
            default: bytes = bytes[..random.Next(bytes.Count)]; break;
        }

        return [.. bytes];
    }
}
