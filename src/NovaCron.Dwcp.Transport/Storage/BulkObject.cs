using NovaCron.Dwcp.Transport.Datacenter;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>
/// An object that arrives by the bulk path. Its file has a pack's layout from the first byte, so that a commit renames it instead of copying it: afterwards the object is
/// one like any other, readable by every client.
/// </summary>
internal sealed class BulkObject : IDisposable
{
    private const string DataExtension = ".data";
    private const string JournalExtension = ".journal";
    private const int RecordsPerGroup = 65_536;

    private readonly PrincipalStore _store;
    private readonly IStoreFiles _files;
    private readonly string _principal;
    private readonly string _name;
    private readonly RelativePath _path;
    private bool _disposed;

    public BulkObject(PrincipalStore store, IStoreFiles files, string principalDirectory, string name, RelativePath path, long bytes, ReadOnlySpan<byte> identity)
    {
        _store = store;
        _files = files;
        _principal = principalDirectory;
        _name = name;
        _path = path;
        IStoreFile? data = null;
        try
        {
            data = files.OpenWrite(FileName(DataExtension)) ?? files.Create(FileName(DataExtension));
            var journal = files.OpenWrite(FileName(JournalExtension)) ?? files.Create(FileName(JournalExtension));
            files.SyncDirectory(PrincipalStore.BulkOf(principalDirectory)); // whoever resumes after a power cut finds the names
            Partial = new PartialExtents(data, journal, bytes, identity, packed: true);
        }
        catch
        {
            data?.Dispose();
            throw;
        }
    }

    public PartialExtents Partial { get; }

    /// <summary>The partial file, below the store's root.</summary>
    public string DataFile => FileName(DataExtension);

    /// <summary>Its journal, below the store's root.</summary>
    public string JournalFile => FileName(JournalExtension);

    /// <summary>Computes the object's hash from what was stored, and commits the object if it is the one expected.</summary>
    /// <exception cref="DwcpTransferException">It is another one, or the store fails; nothing is committed.</exception>
    public async Task<StoredObject> CommitAsync(EntryHeader entry, Func<Task<ContentHash>> expected, Action<long>? digested, CancellationToken cancellationToken)
    {
        try
        {
            var hashes = new List<ContentHash>(checked((int)Partial.PieceCount));
            var root = await Task.Run(() => Partial.ComputeDigest(entry, (_, hash) => hashes.Add(hash), digested, cancellationToken), cancellationToken).ConfigureAwait(false);
            var wanted = await expected().ConfigureAwait(false);
            if (root != wanted)
            {
                Discard();
                throw new DwcpTransferException(
                    DwcpErrorCode.CorruptChunk,
                    DwcpFault.Client,
                    $"The source of '{_path}' has the hash {wanted} and what arrived has {root}, although every extent had its checksum. Nothing of it is kept; it travels again.");
            }

            DatacenterCounters.Digested();
            return await PublishAsync(entry, root, hashes).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw StorageFailure.From(e, $"commit '{_path}'");
        }
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Partial.Dispose();
        _store.CloseBulk(_name);
    }

    // Pack before journal, journal before manifest, each durable before the next mentions it.
    private async Task<StoredObject> PublishAsync(EntryHeader entry, ContentHash root, List<ContentHash> hashes)
    {
        var pack = _store.NewPackName();
        var packs = PrincipalStore.PacksOf(_principal);
        var number = _store.Packs.NumberOf(pack);
        _files.Rename(FileName(DataExtension), $"{packs}/{pack}{PackFormat.PackExtension}");
        WritePackJournal($"{packs}/{pack}{PackFormat.JournalExtension}", number, hashes);
        _files.SyncDirectory(packs);
        _files.Delete(FileName(JournalExtension));
        _files.SyncDirectory(PrincipalStore.BulkOf(_principal));
        _store.Refresh();
        using var writer = _store.BeginObject(_path);
        writer.Append(ManifestRecord.ForEntry(entry), default);
        for (var piece = 0; piece < hashes.Count; piece++) writer.Append(ManifestRecord.ForChunk(hashes[piece], Partial.LengthOfPiece(piece)), LocationOf(number, piece));
        writer.Append(ManifestRecord.ForEndFile(), default);
        return await writer.CommitAsync(root, Partial.Map.Bytes, 1).ConfigureAwait(false);
    }

    private void WritePackJournal(string file, int pack, List<ContentHash> hashes)
    {
        using var journal = _files.Create(file);
        journal.Write(PackFormat.JournalHeader, 0);
        long length = PackFormat.HeaderBytes;
        using var group = new WireWriter();
        for (var first = 0; first < hashes.Count; first += RecordsPerGroup)
        {
            var count = Math.Min(RecordsPerGroup, hashes.Count - first);
            group.Clear();
            PackFormat.WriteGroup(group, [.. Enumerable.Range(first, count).Select(i => (hashes[i], LocationOf(pack, i)))], Partial.FileLength);
            journal.Write(group.Written, length);
            length += group.Length;
        }

        journal.Sync();
    }

    private ChunkLocation LocationOf(int pack, int piece) => new(pack, Partial.LengthOfPiece(piece) + 1, Partial.LengthOfPiece(piece), Partial.OffsetOf(piece));

    private void Discard()
    {
        _files.Delete(FileName(JournalExtension));
        _files.Delete(FileName(DataExtension));
    }

    private string FileName(string extension) => $"{PrincipalStore.BulkOf(_principal)}/{_name}{extension}";
}
