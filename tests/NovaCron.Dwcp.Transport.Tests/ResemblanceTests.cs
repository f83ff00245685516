using System.IO.Hashing;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Exchange;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Storage;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>A new version of what the receiver has travels as its difference, and a difference is believed by nobody before its hash is right.</summary>
public sealed class ResemblanceTests : IDisposable
{
    private const int Length = 6_000_000;
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A few bytes changed in nearly every chunk, and some inserted.</summary>
    private static byte[] NextVersion(byte[] before, int seed)
    {
        var random = new Random(seed);
        byte[] after = [.. before.AsSpan(0, before.Length / 3), .. TestFolder.Noise(1000, seed), .. before.AsSpan(before.Length / 3)];
        for (var at = random.Next(40_000); at < after.Length; at += random.Next(80_000)) after[at] ^= 0x55;
        return after;
    }

    private static TransferRequest At(TransferRequest request, DwcpLevel level = DwcpLevel.Dense) => request with { Level = level };

    [Fact]
    public async Task A_changed_version_travels_as_its_difference_also_after_a_restart_and_to_its_own_principal_only()
    {
        var first = TestFolder.Noise(Length, 1);
        var second = NextVersion(first, 2);
        var third = NextVersion(second, 3);
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await using (var node = await TestNode.StartAsync(_folder.At("store")))
        {
            var whole = await client.SendAsync(At(node.Request("v1")), TransferSource.FromMemory(first));
            Assert.InRange(whole.WireBytes, Length, long.MaxValue);
            var next = await client.SendAsync(At(node.Request("v2")), TransferSource.FromMemory(second));
            Assert.InRange(next.WireBytes, 0, Length / 3); // a mebibyte is sent on a guess, and every edit costs its piece
            Assert.InRange(next.SimilarBytes, Length / 3, Length);
            await AssertReturnsAsync(client, node, "v2", second);
        }

        await using (var node = await TestNode.StartAsync(_folder.At("store")))
        {
            var stranger = await client.SendAsync(At(node.Request("v3")) with { ApiKey = TestNode.OtherKey }, TransferSource.FromMemory(third));
            Assert.InRange(stranger.WireBytes, Length, long.MaxValue);
            Assert.Equal(0, stranger.SimilarBytes);
            var next = await client.SendAsync(At(node.Request("v3")), TransferSource.FromMemory(third));
            Assert.InRange(next.WireBytes, 0, Length / 3);
            await AssertReturnsAsync(client, node, "v3", third);
            Assert.Empty(node.Observer.Corruptions);
        }
    }

    [Fact]
    public async Task Whoever_asks_for_every_chunk_gets_no_difference()
    {
        var first = TestFolder.Noise(2_000_000, 1);
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await client.SendAsync(At(node.Request("v1")), TransferSource.FromMemory(first));
        var again = await client.SendAsync(At(node.Request("v2")) with { Resume = false }, TransferSource.FromMemory(NextVersion(first, 2)));
        Assert.Equal(0, again.SimilarBytes);
        Assert.InRange(again.WireBytes, 2_000_000, long.MaxValue);
    }

    [Fact]
    public async Task A_similar_chunk_that_is_damaged_is_not_offered()
    {
        var first = TestFolder.Noise(2_000_000, 1);
        var second = NextVersion(first, 2);
        await using var client = new TransferClient([new V3ClientProtocol()]);
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await client.SendAsync(At(node.Request("v1")), TransferSource.FromMemory(first));
        foreach (var pack in Directory.GetFiles(_folder.At("store"), "*.pack", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(pack, TestContext.Current.CancellationToken);
            for (var at = 1000; at < bytes.Length; at += 5000) bytes[at] ^= 1;
            await File.WriteAllBytesAsync(pack, bytes, TestContext.Current.CancellationToken);
        }

        var next = await client.SendAsync(At(node.Request("v2")), TransferSource.FromMemory(second));
        Assert.Equal(0, next.SimilarBytes);
    }

    [Fact]
    public async Task A_difference_that_gives_something_else_is_corrupt_and_nothing_of_it_is_stored()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var first = TestFolder.Noise(60_000, 1);
        await client.SendAsync(At(node.Request("v1")), TransferSource.FromMemory(first));
        var stored = node.Store.OpenPrincipal("alice").ChunkCount;

        await using var raw = await OpenAsync(node.Port);
        byte[] chunk = [1, 2, 3, .. first[3..]];
        await PutAsync(raw, 1, chunk, ChunkFeatures.Of(first[..BoundaryOf(first)]));
        var similar = new Dictionary<int, SimilarChunk>();
        using (var frame = await raw.ReadAsync())
        {
            Assert.Equal(FrameType.Similar, frame!.Type);
            var reader = new WireReader(frame.Payload.Span);
            Assert.Equal(0, reader.Count("segment", 10));
            SimilarFrame.Read(ref reader, 1, similar);
        }

        var payload = new byte[BlockCodec.MaxEncodedLength(chunk.Length)];
        chunk[^1] ^= 1; // not what was announced
        var length = new ChunkDifference().Encode(chunk, similar[0], payload, DwcpLevel.Fast);
        Assert.InRange(length, 1, chunk.Length - 1);
        await SendChunkAsync(raw, 1, payload.AsMemory(0, length));
        Assert.Equal(DwcpErrorCode.CorruptChunk, (await raw.ReadErrorAsync()).Code);
        Assert.Equal(stored, node.Store.OpenPrincipal("alice").ChunkCount);
        Assert.NotEmpty(node.Observer.Corruptions);
    }

    [Fact]
    public async Task A_difference_that_nobody_asked_for_ends_the_session()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await OpenAsync(node.Port);
        await PutAsync(raw, 1, TestFolder.Noise(10_000, 1), default);
        await SendChunkAsync(raw, 1, new byte[] { ChunkDifference.Method, 0, 0 });
        Assert.Equal(DwcpErrorCode.ProtocolViolation, (await raw.ReadErrorAsync()).Code);
        Assert.Equal(0, node.Store.OpenPrincipal("alice").ChunkCount);
    }

    [Fact]
    public async Task A_client_that_does_not_know_of_resemblance_sends_segments_without_features()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await RawClient.OpenAsync(node.Port);
        await raw.SendAsync(FrameType.Put, 1, w => w.Text("o").Number(0).Number(0));
        await raw.SendAsync(FrameType.Segment, 1, w =>
        {
            w.Number(0).Number(1);
            ManifestRecord.WriteEntry(w, new EntryHeader(EntryKind.Directory, RelativePath.Root, null, 0, null, ""));
        });
        using var answer = await raw.ReadAsync();
        Assert.Equal(FrameType.SegmentAnswer, answer!.Type);
    }

    [Fact]
    public void Any_bytes_are_a_similar_frame_or_throw_the_protocols_own_exception()
    {
        var random = new Random(11);
        using var frame = new WireWriter();
        SimilarFrame.Begin(frame, 0, 42);
        var fingerprints = new List<ulong>();
        ChunkDifference.Describe(TestFolder.Noise(60_000, 4), 42, fingerprints);
        SimilarFrame.Add(frame, 3, ContentHash.Of([1]), fingerprints);
        SimilarFrame.Add(frame, 5, ContentHash.Of([2]), fingerprints);
        var refused = 0;
        for (var run = 0; run < 5000; run++)
        {
            var bytes = frame.Written.ToArray();
            if (run > 0)
            {
                for (var n = random.Next(1, 4); n > 0; n--) bytes[random.Next(3) == 0 ? random.Next(60) : random.Next(bytes.Length)] = (byte)random.Next(256);
                if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
            }

            var similar = new Dictionary<int, SimilarChunk>();
            try
            {
                var reader = new WireReader(bytes);
                reader.Count("segment", WireLimits.MaxSegments);
                SimilarFrame.Read(ref reader, 8, similar);
            }
            catch (DwcpProtocolException)
            {
                refused++;
            }

            Assert.True(similar.Values.All(s => s.Fingerprints.Length <= SimilarFrame.MaxPieces));
            if (run == 0) Assert.Equal(fingerprints, similar[5].Fingerprints);
        }

        Assert.InRange(refused, 500, 4999);
        Assert.Throws<DwcpProtocolException>(() =>
        {
            var reader = new WireReader(frame.Written);
            reader.Count("segment", WireLimits.MaxSegments);
            SimilarFrame.Read(ref reader, 0, []);
        });
    }

    [Fact]
    public void Super_features_survive_the_journal_and_journals_without_them_are_read()
    {
        using var journal = new WireWriter();
        (ContentHash, ChunkLocation)[] records = [(ContentHash.Of([1]), new ChunkLocation(7, 10, 20, 16)), (ContentHash.Of([2]), new ChunkLocation(7, 5, 6, 26))];
        ChunkFeatures[] features = [ChunkFeatures.Of(TestFolder.Noise(50_000, 1)), default];
        PackFormat.WriteGroup(journal, records, 100);
        PackFormat.WriteGroup(journal, records, 100, features);
        var whole = journal.Written.ToArray();
        var found = new List<(ContentHash, ChunkLocation, ChunkFeatures)>();
        Assert.Equal(whole.Length, PackFormat.ReadGroups(whole, 7, (h, l, f) => found.Add((h, l, f))));
        Assert.Equal([default, default, features[0], default], found.Select(f => f.Item3));
        Assert.Equal([.. records, .. records], found.Select(f => (f.Item1, f.Item2)));

        // Torn anywhere, only whole groups are read.
        var firstGroup = whole.Length - (PackFormat.RecordBytes * 2) - 24 - 24;
        for (var length = 0; length < whole.Length; length++)
            Assert.Equal(length < firstGroup ? 0 : firstGroup, PackFormat.ReadGroups(whole.AsSpan(0, length), 7, (_, _, _) => { }));
    }

    [Fact]
    public void The_index_is_bounded_whatever_a_sender_chooses_and_finds_the_newest()
    {
        var index = new SimilarityIndex();
        var random = new Random(3);
        for (var i = 0; i < 50_000; i++) index.Add(new ChunkFeatures((uint)random.Next() | 1, (uint)random.Next() | 1, (uint)random.Next() | 1), ContentHash.Of(BitConverter.GetBytes(i)));
        var features = ChunkFeatures.Of(TestFolder.Noise(50_000, 1));
        Assert.False(index.TryFind(features, out _));
        Assert.False(index.TryFind(default, out _));
        index.Add(features, ContentHash.Of([1]));
        index.Add(features, ContentHash.Of([2]));
        Assert.True(index.TryFind(features with { First = 1 }, out var found));
        Assert.Equal(ContentHash.Of([2]), found);
    }

    private static async Task AssertReturnsAsync(TransferClient client, TestNode node, string path, byte[] expected)
    {
        var sink = TransferSink.ToMemory();
        await client.ReceiveAsync(node.Request(path), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(expected));
    }

    private static int BoundaryOf(byte[] data) => Codec.Dictionary.Chunking.FastCdc.Default.Cut(data);

    private static async Task<RawClient> OpenAsync(int port)
    {
        var client = await RawClient.ConnectAsync(port);
        await client.SendAsync(FrameType.Open, 0, w => new OpenMessage([3], "raw", TestNode.Key, "", WireLimits.ResemblanceFeature).Write(w));
        using var reply = await client.ReadAsync();
        Assert.Equal(FrameType.OpenReply, reply!.Type);
        return client;
    }

    private static async Task PutAsync(RawClient raw, int stream, byte[] chunk, ChunkFeatures features)
    {
        await raw.SendAsync(FrameType.Put, stream, w => w.Text("o").Number(0).Number(0));
        await raw.SendAsync(FrameType.Segment, stream, w =>
        {
            w.Number(0).Number(3);
            ManifestRecord.WriteEntry(w, new EntryHeader(EntryKind.File, RelativePath.Root, null, 0, null, ""));
            ManifestRecord.WriteChunk(w, ContentHash.Of(chunk), chunk.Length);
            ManifestRecord.WriteEndFile(w);
            w.Number(1);
            features.Write(w.Reserve(ChunkFeatures.Size));
        });
    }

    private static Task SendChunkAsync(RawClient raw, int stream, ReadOnlyMemory<byte> payload) =>
        raw.SendAsync(FrameType.Chunks, stream, w => w.Number(0).Number(1).Number(0).Number(payload.Length).UInt64(XxHash3.HashToUInt64(payload.Span)).Bytes(payload.Span));
}
