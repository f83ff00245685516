using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class StoreTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Another_process_on_the_same_directory_sees_chunks_and_objects()
    {
        await using var first = ObjectStore.Open(_folder.At("store"));
        await using var second = ObjectStore.Open(_folder.At("store"));
        var there = second.OpenPrincipal("alice");
        var bytes = TestFolder.Noise(500_000, 1);
        await Upload.PutAsync(first.OpenPrincipal("alice"), "o", bytes);
        there.Refresh();
        Assert.Equal(first.OpenPrincipal("alice").ChunkCount, there.ChunkCount);
        Assert.True(Upload.Get(there, "o").AsSpan().SequenceEqual(bytes));
        // The second writer needs no chunk of its own for the same bytes.
        await Upload.PutAsync(there, "again", bytes);
        Assert.Single(Directory.GetFiles(_folder.At("store"), "*.pack", SearchOption.AllDirectories));
    }

    [Fact]
    public async Task A_principal_finds_nothing_of_another()
    {
        await using var store = ObjectStore.Open(_folder.At("store"));
        var bytes = TestFolder.Noise(100_000, 2);
        await Upload.PutAsync(store.OpenPrincipal("alice"), "o", bytes);
        var bob = store.OpenPrincipal("bob");
        Assert.Null(bob.Find("o"));
        Assert.Empty(bob.List());
        Assert.Equal(0, bob.ChunkCount);
        await Upload.PutAsync(bob, "o", bytes);
        Assert.Equal(2, Directory.GetFiles(_folder.At("store"), "*.pack", SearchOption.AllDirectories).Length);
    }

    [Theory]
    [InlineData("alice", "Alice")]
    [InlineData("a/b", "a:b")]
    [InlineData("..", ".")]
    public void Names_of_principals_get_directories_of_their_own(string one, string other)
    {
        var (left, right) = (ObjectStore.DirectoryOf(one), ObjectStore.DirectoryOf(other));
        Assert.NotEqual(left, right, StringComparer.OrdinalIgnoreCase);
        Assert.All((string[])[left, right], d => Assert.DoesNotContain(d, c => c is '/' or '.'));
    }

    [Fact]
    public async Task A_quota_refuses_what_does_not_fit_before_it_is_stored_and_takes_it_after_a_delete()
    {
        await using var store = ObjectStore.Open(_folder.At("store"), new ObjectStoreOptions { QuotaBytes = 1_000_000 });
        var alice = store.OpenPrincipal("alice");
        await Upload.PutAsync(alice, "one", TestFolder.Noise(700_000, 1));
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => Upload.PutAsync(alice, "two", TestFolder.Noise(400_000, 2)));
        Assert.Equal((DwcpErrorCode.QuotaExceeded, DwcpFault.Client), (e.Code, e.Fault));
        Assert.Contains("1000000", e.Message);
        Assert.Equal(700_000, alice.UsedBytes);
        Assert.True(alice.Delete("one"));
        await Upload.PutAsync(alice, "two", TestFolder.Noise(400_000, 2));
        await Upload.PutAsync(store.OpenPrincipal("bob"), "one", TestFolder.Noise(900_000, 3));
    }

    [Fact]
    public async Task A_full_disk_is_a_server_error_that_loses_nothing_and_passes_when_there_is_room_again()
    {
        var files = new CrashFiles { Capacity = 1_200_000 };
        await using var store = ObjectStore.Open("/full", files, new ObjectStoreOptions { CommitBytes = 256 * 1024 });
        var alice = store.OpenPrincipal("alice");
        var first = TestFolder.Noise(800_000, 1);
        await Upload.PutAsync(alice, "first", first);
        var second = TestFolder.Noise(800_000, 2);
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => Upload.PutAsync(alice, "second", second));
        Assert.Equal((DwcpErrorCode.DiskFull, DwcpFault.Server), (e.Code, e.Fault));
        Assert.Null(Upload.Get(alice, "second"));
        Assert.True(Upload.Get(alice, "first").AsSpan().SequenceEqual(first));
        files.Capacity = long.MaxValue;
        // What was on its way when the disk was full may still fail, and whoever counted on it hears so and sends again.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await Upload.PutAsync(alice, "second", second);
                break;
            }
            catch (DwcpTransferException late) when (late.Code == DwcpErrorCode.DiskFull && attempt < 5)
            {
                Assert.Null(Upload.Get(alice, "second"));
            }
        }

        Assert.True(Upload.Get(alice, "second").AsSpan().SequenceEqual(second));
    }

    [Fact]
    public async Task A_flipped_bit_in_a_stored_chunk_is_found_on_reading_and_healed_by_sending_again()
    {
        var files = new CrashFiles();
        await using var store = ObjectStore.Open("/flip", files, new ObjectStoreOptions());
        var alice = store.OpenPrincipal("alice");
        var bytes = TestFolder.Noise(300_000, 1);
        await Upload.PutAsync(alice, "o", bytes);
        files.Flip(n => n.EndsWith(".pack", StringComparison.Ordinal), 100_000);
        var e = Assert.Throws<DwcpTransferException>(() => Upload.Get(alice, "o"));
        Assert.Equal((DwcpErrorCode.StoredDataCorrupt, DwcpFault.Server), (e.Code, e.Fault));
        await Upload.PutAsync(alice, "o", bytes);
        Assert.True(Upload.Get(alice, "o").AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task Any_flipped_bit_in_a_manifest_is_found()
    {
        var files = new CrashFiles();
        await using var store = ObjectStore.Open("/flip", files, new ObjectStoreOptions());
        var alice = store.OpenPrincipal("alice");
        await Upload.PutAsync(alice, "o", TestFolder.Noise(300_000, 1));
        var length = (int)files.ListFiles($"principals/alice/objects/{Directory(files)}").Single().Length;
        for (var position = 16; position < length; position++)
        {
            files.Flip(n => n.EndsWith(".dwcpm", StringComparison.Ordinal), position);
            Assert.Throws<DwcpTransferException>(() => Upload.Get(alice, "o"));
            files.Flip(n => n.EndsWith(".dwcpm", StringComparison.Ordinal), position);
        }

        Assert.NotNull(Upload.Get(alice, "o"));

        static string Directory(CrashFiles files) => files.ListDirectories("principals/alice/objects").Single();
    }

    [Fact]
    public async Task Dead_packs_are_announced_then_deleted_and_living_ones_kept()
    {
        var time = new ManualTime();
        var options = new ObjectStoreOptions { Time = time, ResumeRetention = TimeSpan.FromHours(1), ReclaimGrace = TimeSpan.FromMinutes(10), CommitInterval = TimeSpan.Zero };
        await using (var writer = ObjectStore.Open(_folder.At("store"), options))
        {
            await Upload.PutAsync(writer.OpenPrincipal("alice"), "dead", TestFolder.Noise(200_000, 1));
        }

        await using var store = ObjectStore.Open(_folder.At("store"), options);
        var alice = store.OpenPrincipal("alice");
        await Upload.PutAsync(alice, "living", TestFolder.Noise(200_000, 2));
        alice.Delete("dead");
        Assert.Equal(0, await store.ReclaimAsync()); // too young: a transfer may resume on it
        time.Advance(TimeSpan.FromHours(2));
        Assert.Equal(0, await store.ReclaimAsync()); // announced
        Assert.Single(Directory.GetFiles(_folder.At("store"), "*.dying", SearchOption.AllDirectories));
        alice.Refresh();
        Assert.False(alice.TryLocate(FirstChunk(TestFolder.Noise(200_000, 1), out var chunkLength), chunkLength, out _)); // nobody counts on it any more
        time.Advance(TimeSpan.FromHours(2));
        Assert.True(await store.ReclaimAsync() >= 200_000);
        Assert.Single(Directory.GetFiles(_folder.At("store"), "*.pack", SearchOption.AllDirectories));
        Assert.NotNull(Upload.Get(alice, "living"));
        // The bytes of the dead object can be stored again.
        await Upload.PutAsync(alice, "dead", TestFolder.Noise(200_000, 1));
        Assert.NotNull(Upload.Get(alice, "dead"));
    }

    [Fact]
    public async Task A_reclaimed_pack_of_this_very_process_is_not_said_to_be_here()
    {
        var time = new ManualTime();
        var options = new ObjectStoreOptions
        {
            Time = time, ResumeRetention = TimeSpan.FromHours(1), ReclaimGrace = TimeSpan.FromMinutes(10), CommitInterval = TimeSpan.Zero, CommitBytes = 100_000, PackBytes = 300_000,
        };
        await using var store = ObjectStore.Open(_folder.At("store"), options);
        var alice = store.OpenPrincipal("alice");
        var bytes = TestFolder.Noise(1_000_000, 1);
        await Upload.PutAsync(alice, "dead", bytes); // over several packs, all of this process
        alice.Delete("dead");
        time.Advance(TimeSpan.FromHours(2));
        await store.ReclaimAsync();
        time.Advance(TimeSpan.FromHours(2));
        Assert.True(await store.ReclaimAsync() > 500_000);
        alice.Refresh();
        await Upload.PutAsync(alice, "again", bytes);
        Assert.True(Upload.Get(alice, "again").AsSpan().SequenceEqual(bytes));
    }

    [Fact]
    public async Task An_object_whose_packs_were_reclaimed_while_it_came_is_refused_and_what_was_at_its_path_stays()
    {
        var time = new ManualTime();
        var options = new ObjectStoreOptions { Time = time, ResumeRetention = TimeSpan.FromHours(1), ReclaimGrace = TimeSpan.FromMinutes(10), CommitInterval = TimeSpan.Zero };
        var (before, after) = (TestFolder.Noise(200_000, 1), TestFolder.Noise(200_000, 2));
        await using (var other = ObjectStore.Open(_folder.At("store"), options))
        {
            await Upload.PutAsync(other.OpenPrincipal("alice"), "dead", after);
        }

        await using var store = ObjectStore.Open(_folder.At("store"), options);
        var alice = store.OpenPrincipal("alice");
        await Upload.PutAsync(alice, "o", before);
        alice.Delete("dead");
        var e = await Assert.ThrowsAsync<DwcpTransferException>(() => Upload.PutAsync(alice, "o", after, () =>
        {
            // It was told that its chunks are here. Now another pod's reclaiming deletes their pack, its grace being over.
            foreach (var pack in Directory.GetFiles(_folder.At("store"), "*.pack", SearchOption.AllDirectories))
            {
                if (File.ReadAllBytes(pack).AsSpan().IndexOf(before.AsSpan(0, 64)) >= 0) continue;
                File.Delete(Path.ChangeExtension(pack, ".idx"));
                File.Delete(pack);
            }
        }));
        Assert.Equal(DwcpErrorCode.StorageFailed, e.Code);
        Assert.True(Upload.Get(alice, "o").AsSpan().SequenceEqual(before));
        await Upload.PutAsync(alice, "o", after);
        Assert.True(Upload.Get(alice, "o").AsSpan().SequenceEqual(after));
    }

    [Fact]
    public async Task Many_small_objects_at_once_share_their_syncs()
    {
        var files = new CrashFiles();
        await using var store = ObjectStore.Open("/many", files, new ObjectStoreOptions());
        var alice = store.OpenPrincipal("alice");
        var chunks = Enumerable.Range(0, 500).Select(i => BitConverter.GetBytes(i)).ToArray();
        var before = files.Syncs;
        var durable = await Task.WhenAll(chunks.Select(c => alice.AppendAsync(ContentHash.Of(c), new byte[] { 0, c[0], c[1], c[2], c[3] }, 4, default).AsTask()));
        await alice.FlushAsync();
        await Task.WhenAll(durable);
        Assert.InRange(files.Syncs - before, 2, 20);
    }

    [Fact]
    public void A_directory_with_another_versions_store_is_refused()
    {
        Directory.CreateDirectory(_folder.At("store"));
        File.WriteAllText(_folder.At("store/format"), "dwcp-store 9\n");
        var e = Assert.Throws<DwcpTransferException>(() => ObjectStore.Open(_folder.At("store")));
        Assert.Contains("dwcp-store 9", e.Message);
    }

    private static ContentHash FirstChunk(byte[] bytes, out int length)
    {
        length = Codec.Dictionary.Chunking.FastCdc.Default.Cut(bytes);
        return ContentHash.Of(bytes.AsSpan(0, length));
    }

    // The wall clock moves by hand; files carry the real one, so it begins there.
    private sealed class ManualTime : TimeProvider
    {
        private TimeSpan _ahead;

        public void Advance(TimeSpan by) => _ahead += by;

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UtcNow + _ahead;
    }
}
