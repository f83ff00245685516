using System.IO.Hashing;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;
using NovaCron.Dwcp.Transport.Sessions;
using NovaCron.Dwcp.Transport.Storage;
using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>What an authenticated client can do to a node: nothing that is not its own.</summary>
public sealed class HostileClientTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_chunk_with_a_flipped_bit_is_refused_and_nothing_of_it_is_stored()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await RawClient.OpenAsync(node.Port);
        var chunk = TestFolder.Noise(10_000, 1);
        await PutAsync(raw, 1, chunk);
        // The checksum is right: only the cryptographic hash can tell.
        var payload = new byte[] { 0 }.Concat(chunk).ToArray();
        payload[5000] ^= 1;
        await raw.SendAsync(FrameType.Chunks, 1, w => w.Number(0).Number(1).Number(0).Number(payload.Length).UInt64(XxHash3.HashToUInt64(payload)).Bytes(payload));
        Assert.Equal(DwcpErrorCode.CorruptChunk, (await raw.ReadErrorAsync()).Code);
        await AssertNothingIsStoredAsync(node);
        Assert.NotEmpty(node.Observer.Corruptions);
        Assert.Contains(node.Observer.Requests, r => r is { Kind: RequestKind.ChunkBatch, Outcome: RequestOutcome.ClientError });
    }

    [Fact]
    public void Sparse_files_that_add_up_to_more_than_a_number_holds_are_too_large()
    {
        var hasher = new ObjectHasher();
        hasher.Begin(new EntryHeader(EntryKind.Directory, RelativePath.Root, null, 0, null, ""));
        var e = Assert.Throws<DwcpProtocolException>(() =>
        {
            for (var i = 0; i < 5; i++)
            {
                hasher.Begin(new EntryHeader(EntryKind.File, RelativePath.Parse($"f{i}"), null, 0, null, ""));
                hasher.AddZeros(long.MaxValue / 4);
                hasher.EndFile();
            }
        });
        Assert.Equal(DwcpErrorCode.LimitExceeded, e.Code);
    }

    [Fact]
    public async Task Answers_of_a_receiver_are_small_and_more_entries_than_allowed_are_refused()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using (var client = new TransferClient([new V3ClientProtocol()]))
        {
            await client.SendAsync(node.Request("o"), TransferSource.FromMemory(TestFolder.Noise(10_000, 1)));
        }

        await using var raw = await RawClient.OpenAsync(node.Port);
        await raw.SendAsync(FrameType.Get, 1, w => w.Text("o").Number(0));
        await raw.SendAsync(FrameType.Acknowledged, 1, w => w.Bytes(new byte[5000]));
        Assert.Equal(DwcpErrorCode.ProtocolViolation, (await raw.ReadErrorAsync()).Code);

        await using var store = ObjectStore.Open(_folder.At("small"), new ObjectStoreOptions { MaxReceivingEntries = 3 });
        var alice = store.OpenPrincipal("alice");
        using (var charge = alice.BeginCharge())
        {
            for (var i = 0; i < 3; i++) charge.AddEntry();
            Assert.Equal(DwcpErrorCode.LimitExceeded, Assert.Throws<DwcpTransferException>(charge.AddEntry).Code);
        }

        using var next = alice.BeginCharge();
        next.AddEntry();
    }

    [Fact]
    public async Task A_batch_with_another_checksum_is_refused()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await RawClient.OpenAsync(node.Port);
        var chunk = TestFolder.Noise(10_000, 1);
        await PutAsync(raw, 1, chunk);
        await raw.SendAsync(FrameType.Chunks, 1, w => w.Number(0).Number(1).Number(0).Number(chunk.Length + 1).UInt64(1).Byte(0).Bytes(chunk));
        Assert.Equal(DwcpErrorCode.CorruptChunk, (await raw.ReadErrorAsync()).Code);
        await AssertNothingIsStoredAsync(node);
    }

    [Fact]
    public async Task A_commit_before_all_chunks_are_there_is_a_truncated_manifest()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await RawClient.OpenAsync(node.Port);
        await PutAsync(raw, 1, TestFolder.Noise(10_000, 1));
        await raw.SendAsync(FrameType.Commit, 1, w => w.Hash(default).Number(10_000).Number(1).Number(1));
        Assert.Equal(DwcpErrorCode.TruncatedManifest, (await raw.ReadErrorAsync()).Code);
        Assert.Empty(node.Store.OpenPrincipal("alice").List());
    }

    [Fact]
    public async Task A_manifest_cut_off_inside_a_file_is_a_truncated_manifest()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await RawClient.OpenAsync(node.Port);
        await raw.SendAsync(FrameType.Put, 1, w => w.Text("o").Number(0).Number(0));
        await raw.SendAsync(FrameType.Segment, 1, w =>
        {
            w.Number(0).Number(2);
            ManifestRecord.WriteEntry(w, new EntryHeader(EntryKind.File, RelativePath.Root, null, 0, null, ""));
            ManifestRecord.WriteZeros(w, 100);
        });
        await raw.SendAsync(FrameType.Commit, 1, w => w.Hash(default).Number(100).Number(1).Number(1));
        Assert.Equal(DwcpErrorCode.TruncatedManifest, (await raw.ReadErrorAsync()).Code);
    }

    [Fact]
    public async Task A_root_that_does_not_follow_from_the_manifest_is_refused()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await RawClient.OpenAsync(node.Port);
        await raw.SendAsync(FrameType.Put, 1, w => w.Text("o").Number(0).Number(0));
        await raw.SendAsync(FrameType.Segment, 1, w =>
        {
            w.Number(0).Number(1);
            ManifestRecord.WriteEntry(w, new EntryHeader(EntryKind.Directory, RelativePath.Root, null, 0, null, ""));
        });
        await raw.SendAsync(FrameType.Commit, 1, w => w.Hash(ContentHash.Of([1])).Number(0).Number(1).Number(1));
        Assert.Equal(DwcpErrorCode.ManifestMismatch, (await raw.ReadErrorAsync()).Code);
        Assert.Empty(node.Store.OpenPrincipal("alice").List());
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("C:/x")]
    [InlineData("a\\b")]
    [InlineData("aux.txt")]
    [InlineData("a\0b")]
    public async Task A_path_that_breaks_the_rules_is_refused_as_object_and_as_entry(string path)
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await RawClient.OpenAsync(node.Port);
        await raw.SendAsync(FrameType.Put, 1, w => w.Text(path).Number(0).Number(0));
        Assert.Equal(DwcpErrorCode.InvalidPath, (await raw.ReadErrorAsync()).Code);
        await raw.SendAsync(FrameType.Put, 2, w => w.Text("fine").Number(0).Number(0));
        await raw.SendAsync(FrameType.Segment, 2, w =>
        {
            w.Number(0).Number(2);
            ManifestRecord.WriteEntry(w, new EntryHeader(EntryKind.Directory, RelativePath.Root, null, 0, null, ""));
            w.Byte((byte)ManifestRecordKind.Entry).Byte((byte)EntryKind.Directory).Text(path).Number(0).ZigZag(0);
        });
        Assert.Equal(DwcpErrorCode.InvalidPath, (await raw.ReadErrorAsync()).Code);
    }

    [Fact]
    public async Task An_entry_below_a_link_and_names_that_differ_in_case_only_are_refused()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var raw = await RawClient.OpenAsync(node.Port);
        (EntryKind Kind, string Path)[][] bad =
        [
            [(EntryKind.Directory, ""), (EntryKind.SymbolicLink, "l"), (EntryKind.Directory, "l/x")],
            [(EntryKind.Directory, ""), (EntryKind.Directory, "Name"), (EntryKind.Directory, "name")],
            [(EntryKind.Directory, ""), (EntryKind.Directory, "a/b")],
            [(EntryKind.Directory, "a")],
            [(EntryKind.SymbolicLink, ""), (EntryKind.Directory, "a")],
        ];
        for (var i = 0; i < bad.Length; i++)
        {
            await raw.SendAsync(FrameType.Put, i + 1, w => w.Text("o").Number(0).Number(0));
            await raw.SendAsync(FrameType.Segment, i + 1, w =>
            {
                w.Number(0).Number(bad[i].Length);
                foreach (var (kind, path) in bad[i]) ManifestRecord.WriteEntry(w, new EntryHeader(kind, RelativePath.Parse(path), null, 0, null, kind == EntryKind.SymbolicLink ? "/etc" : ""));
            });
            Assert.Equal(DwcpErrorCode.InvalidPath, (await raw.ReadErrorAsync()).Code);
        }
    }

    [Fact]
    public async Task A_declared_size_beyond_the_quota_is_refused_before_any_data_even_if_it_is_all_zeros()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"), storeOptions: new Storage.ObjectStoreOptions { QuotaBytes = 1000 });
        await using var raw = await RawClient.OpenAsync(node.Port);
        foreach (var size in (long?[])[5000, null])
        {
            var stream = size is null ? 2 : 1;
            await raw.SendAsync(FrameType.Put, stream, w => w.Text("o").Number(0).Number(0));
            await raw.SendAsync(FrameType.Segment, stream, w =>
            {
                w.Number(0).Number(3);
                ManifestRecord.WriteEntry(w, new EntryHeader(EntryKind.File, RelativePath.Root, null, 0, size, ""));
                ManifestRecord.WriteZeros(w, 5000);
                ManifestRecord.WriteEndFile(w);
            });
            Assert.Equal(DwcpErrorCode.QuotaExceeded, (await raw.ReadErrorAsync()).Code);
        }
    }

    [Fact]
    public async Task Frames_at_the_wrong_time_or_too_long_end_the_session_with_a_reason()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        foreach (var type in (FrameType[])[FrameType.Commit, FrameType.OpenReply, FrameType.Committed, (FrameType)99])
        {
            await using var raw = await RawClient.OpenAsync(node.Port);
            await raw.SendAsync(type, 7);
            Assert.Equal(DwcpErrorCode.ProtocolViolation, (await raw.ReadErrorAsync()).Code);
            Assert.Null(await raw.ReadAsync());
        }

        await using var early = await RawClient.ConnectAsync(node.Port);
        await early.SendAsync(FrameType.Put, 1, w => w.Text("o").Number(0).Number(0));
        Assert.Equal(DwcpErrorCode.ProtocolViolation, (await early.ReadErrorAsync()).Code);
        await using var large = await RawClient.ConnectAsync(node.Port);
        await large.SendAsync(FrameType.Open, 0, w => w.Reserve(WireLimits.MaxFrameBeforeOpen + 1));
        Assert.Equal(DwcpErrorCode.ProtocolViolation, (await large.ReadErrorAsync()).Code);
    }

    [Fact]
    public async Task Mutated_frames_never_break_the_node_nor_what_it_keeps()
    {
        await using var node = await TestNode.StartAsync(_folder.At("store"));
        await using var client = new TransferClient([new V3ClientProtocol()]);
        var kept = TestFolder.Noise(50_000, 9);
        await client.SendAsync(node.Request("kept"), TransferSource.FromMemory(kept));
        var random = new Random(20260102);
        var recorded = Record();
        for (var round = 0; round < 150; round++)
        {
            await using var raw = await RawClient.OpenAsync(node.Port);
            try
            {
                foreach (var (type, stream, payload) in recorded)
                {
                    var (mutatedType, mutated) = (type, payload);
                    if (random.Next(3) == 0) mutated = Mutate(payload, random);
                    if (random.Next(20) == 0) mutatedType = (FrameType)random.Next(40);
                    await raw.Channel.WriteAsync(mutatedType, random.Next(30) == 0 ? random.Next(5) : stream, mutated, default);
                }

                await raw.SendAsync(FrameType.Close, 0);
                while (await raw.ReadAsync() is { } frame) frame.Dispose();
            }
            catch (DwcpTransferException e) when (e.Fault == DwcpFault.Network)
            {
                continue; // the node closed on us, as it may
            }
        }

        var sink = TransferSink.ToMemory();
        await client.ReceiveAsync(node.Request("kept"), sink);
        Assert.True(sink.Bytes.Span.SequenceEqual(kept));
        Assert.DoesNotContain(node.Observer.Requests, r => r.Outcome == RequestOutcome.ServerError);
        Assert.DoesNotContain(node.Observer.Refusals, r => r.Contains("inside", StringComparison.Ordinal));
    }

    private static List<(FrameType Type, int Stream, byte[] Payload)> Record()
    {
        var chunk = TestFolder.Noise(3000, 3);
        byte[] Write(Action<WireWriter> write)
        {
            using var writer = new WireWriter();
            write(writer);
            return writer.Written.ToArray();
        }

        var hasher = new ObjectHasher();
        var entry = new EntryHeader(EntryKind.File, RelativePath.Root, 0x1A4, 5, chunk.Length, "");
        hasher.Begin(entry);
        hasher.AddChunk(ContentHash.Of(chunk), chunk.Length);
        hasher.EndFile();
        var payload = new byte[] { 0 }.Concat(chunk).ToArray();
        return
        [
            (FrameType.Put, 1, Write(w => w.Text("mutated").Number(0).Number(0))),
            (FrameType.Segment, 1, Write(w =>
            {
                w.Number(0).Number(3);
                ManifestRecord.WriteEntry(w, entry);
                ManifestRecord.WriteChunk(w, ContentHash.Of(chunk), chunk.Length);
                ManifestRecord.WriteEndFile(w);
            })),
            (FrameType.Chunks, 1, Write(w => w.Number(0).Number(1).Number(0).Number(payload.Length).UInt64(XxHash3.HashToUInt64(payload)).Bytes(payload))),
            (FrameType.Commit, 1, Write(w => w.Hash(hasher.Root()).Number(chunk.Length).Number(1).Number(1))),
            (FrameType.List, 2, Write(w => w.Text("").Text(""))),
            (FrameType.Get, 3, Write(w => w.Text("kept").Number(0))),
            (FrameType.SegmentAnswer, 3, Write(w => w.Number(0).Byte(1))),
            (FrameType.Delete, 4, Write(w => w.Text("mutated"))),
        ];
    }

    private static byte[] Mutate(byte[] payload, Random random)
    {
        var bytes = payload.ToList();
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            switch (random.Next(4))
            {
                case 0 when bytes.Count > 0: bytes[random.Next(Math.Min(bytes.Count, 64))] = (byte)random.Next(256); break;
                case 1 when bytes.Count > 0: bytes.RemoveRange(random.Next(bytes.Count), 1); break;
                case 2: bytes.Insert(random.Next(Math.Min(bytes.Count, 64) + 1), (byte)random.Next(256)); break;
                default: bytes = bytes[..random.Next(bytes.Count + 1)]; break;
            }
        }

        return [.. bytes];
    }

    private static async Task PutAsync(RawClient raw, int stream, byte[] chunk)
    {
        await raw.SendAsync(FrameType.Put, stream, w => w.Text("o").Number(0).Number(0));
        await raw.SendAsync(FrameType.Segment, stream, w =>
        {
            w.Number(0).Number(3);
            ManifestRecord.WriteEntry(w, new EntryHeader(EntryKind.File, RelativePath.Root, null, 0, chunk.Length, ""));
            ManifestRecord.WriteChunk(w, ContentHash.Of(chunk), chunk.Length);
            ManifestRecord.WriteEndFile(w);
        });
    }

    private static async Task AssertNothingIsStoredAsync(TestNode node)
    {
        var alice = node.Store.OpenPrincipal("alice");
        await alice.FlushAsync();
        Assert.Equal(0, alice.ChunkCount);
        Assert.Empty(alice.List());
    }
}
