using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Tests;

public sealed class StoreCrashTests
{
    private static readonly ObjectStoreOptions Options = new() { CommitBytes = 256 * 1024, CommitInterval = TimeSpan.FromMilliseconds(5), PackBytes = 1024 * 1024 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task After_a_power_cut_at_any_moment_every_acknowledged_object_is_whole_and_every_other_whole_or_absent(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 40; round++)
        {
            var files = new CrashFiles();
            var acknowledged = new Dictionary<string, byte[]>();
            var attempted = new Dictionary<string, byte[]>();
            // Several lives on one disk, each cut short somewhere else.
            for (var life = 0; life < 3; life++)
            {
                files.OperationsLeft = random.Next(3, 120);
                await LiveAsync(files, random, acknowledged, attempted, $"{life}");
                files = files.Crash(random);
                await VerifyAsync(files, acknowledged, attempted, $"seed {seed}, round {round}, life {life}");
            }
        }
    }

    [Fact]
    public async Task A_store_that_acknowledges_before_it_syncs_would_be_caught()
    {
        // The check must be able to fail: the same disk without its syncs loses what was acknowledged.
        var files = new CrashFiles();
        var store = ObjectStore.Open("/crash", files, Options);
        await Upload.PutAsync(store.OpenPrincipal("alice"), "o", TestFolder.Noise(300_000, 1));
        var syncs = files.Syncs;
        Assert.True(syncs >= 4, $"{syncs} syncs: pack, journal, manifest and directory each need one");
        var lost = 0;
        for (var seed = 0; seed < 20; seed++)
        {
            var cut = new CrashFiles();
            var early = ObjectStore.Open("/crash", cut, Options with { CommitInterval = TimeSpan.FromMinutes(10) });
            var principal = early.OpenPrincipal("alice");
            await principal.AppendAsync(ContentHash.Of([1, 2, 3]), new byte[] { 0, 1, 2, 3 }, 3, default);
            var after = ObjectStore.Open("/crash", cut.Crash(new Random(seed)), Options).OpenPrincipal("alice");
            if (!after.TryLocate(ContentHash.Of([1, 2, 3]), 3, out _)) lost++;
        }

        Assert.Equal(20, lost);
    }

    private static async Task LiveAsync(CrashFiles files, Random random, Dictionary<string, byte[]> acknowledged, Dictionary<string, byte[]> attempted, string life)
    {
        try
        {
            var store = ObjectStore.Open("/crash", files, Options);
            var principal = store.OpenPrincipal("alice");
            for (var i = 0; i < 12; i++)
            {
                var path = $"o-{life}-{i}";
                var bytes = TestFolder.Noise(random.Next(0, 400_000), random.Next(6)); // few seeds: chunks repeat between objects
                attempted[path] = bytes;
                await Upload.PutAsync(principal, path, bytes);
                acknowledged[path] = bytes;
            }
        }
        catch (Exception e) when (e is DwcpTransferException or IOException)
        {
            return; // the power went
        }
    }

    private static async Task VerifyAsync(CrashFiles files, Dictionary<string, byte[]> acknowledged, Dictionary<string, byte[]> attempted, string where)
    {
        await using var store = ObjectStore.Open("/crash", files, Options);
        var principal = store.OpenPrincipal("alice");
        foreach (var (path, bytes) in acknowledged)
        {
            var read = Upload.Get(principal, path);
            Assert.True(read is not null, $"{where}: the acknowledged {path} is gone");
            Assert.True(read.AsSpan().SequenceEqual(bytes), $"{where}: the acknowledged {path} has other bytes");
        }

        foreach (var (path, bytes) in attempted.Where(a => !acknowledged.ContainsKey(a.Key)))
        {
            if (Upload.Get(principal, path) is { } read) Assert.True(read.AsSpan().SequenceEqual(bytes), $"{where}: {path} was committed in part");
        }
    }
}
