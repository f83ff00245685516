using System.IO.Hashing;
using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Storage;

namespace NovaCron.Dwcp.Transport.Tests.Datacenter;

/// <summary>The power goes at every single operation of a bulk receive: the object is there and whole, or it is not there; what resumes is believed only after it was hashed again.</summary>
public sealed class BulkCrashTests
{
    private const int Length = BulkLimits.ExtentBytes + 100_000;

    [Fact]
    public async Task A_power_cut_at_any_operation_leaves_the_object_whole_or_absent()
    {
        var bytes = TestFolder.Noise(Length, 1);
        var committed = 0;
        for (var operations = 0; committed < 2; operations++)
        {
            var files = new CrashFiles { OperationsLeft = 25 + operations };
            Assert.True(operations < 200, "the receive never ends");
            var done = await TryReceiveAsync(files, bytes);
            var after = files.Crash(new Random(operations));
            after.OperationsLeft = -1;
            var present = await ReadAsync(after);
            if (done) committed++;
            Assert.True(present is null ? !done : present.AsSpan().SequenceEqual(bytes), $"after {operations} operations");
            if (present is not null) continue;
            Assert.True(await TryReceiveAsync(after, bytes), $"the second attempt after {operations} operations");
            Assert.True((await ReadAsync(after))!.AsSpan().SequenceEqual(bytes), $"after {operations} operations and a second attempt");
        }
    }

    // False when the power went.
    private static async Task<bool> TryReceiveAsync(CrashFiles files, byte[] bytes)
    {
        try
        {
            await using var store = ObjectStore.Open("memory", files, new ObjectStoreOptions());
            using var target = store.OpenPrincipal("alice").OpenBulk(RelativePath.Parse("o"), Length, new byte[BulkLimits.IdentityBytes]);
            target.Partial.Begin(forget: false, null, default);
            foreach (var extent in target.Partial.Map.Missing()) Fill(target.Partial, bytes, extent);
            var entry = new EntryHeader(EntryKind.File, RelativePath.Root, null, 0, Length, "");
            var root = PartialExtents.Digest(entry, Length, (piece, to) => bytes.AsSpan((int)piece * BulkLimits.PieceBytes, to.Length).CopyTo(to), new byte[BulkLimits.PieceBytes], null, null, default);
            await target.CommitAsync(entry, () => Task.FromResult(root), null, default);
            return true;
        }
        catch (Exception e) when (e is Files.StoreIoException or DwcpTransferException { Code: DwcpErrorCode.StorageFailed })
        {
            return false;
        }
    }

    private static void Fill(PartialExtents partial, byte[] bytes, int extent)
    {
        var length = BulkLimits.LengthOf(Length, extent);
        for (var offset = 0; offset < length; offset += BulkLimits.PieceBytes)
        {
            var at = (extent * BulkLimits.ExtentBytes) + offset;
            partial.Write(at / BulkLimits.PieceBytes, [0, .. bytes.AsSpan(at, Math.Min(BulkLimits.PieceBytes, length - offset))]);
        }

        partial.Record(extent, XxHash3.HashToUInt64(bytes.AsSpan(extent * BulkLimits.ExtentBytes, length)));
    }

    private static async Task<byte[]?> ReadAsync(CrashFiles files)
    {
        await using var store = ObjectStore.Open("memory", files, new ObjectStoreOptions());
        using var reader = store.OpenPrincipal("alice").OpenObject(RelativePath.Parse("o"));
        if (reader is null) return null;
        var bytes = new byte[reader.Object.Bytes];
        var payload = new byte[BulkLimits.PieceBytes + 1];
        var at = 0;
        foreach (var record in reader.ReadBlocks().SelectMany(b => b).Where(r => r.Record.Kind == ManifestRecordKind.Chunk))
        {
            reader.ReadChunk(record.Record.Hash, record.Location, payload, bytes.AsSpan(at));
            at += (int)record.Record.Length;
        }

        return bytes;
    }
}
