using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Files;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>One principal's objects and chunks. Thread-safe.</summary>
public sealed class PrincipalStore
{
    private const string PacksDirectory = "packs";
    private const string ObjectsDirectory = "objects";
    private const string TemporaryDirectory = "tmp";
    private const string BulkDirectory = "bulk";

    private readonly IStoreFiles _files;
    private readonly string _directory;
    private readonly PackWriter _writer;
    private readonly string _process = Convert.ToHexString(RandomNumberGenerator.GetBytes(8)).ToLowerInvariant();

    // The chunk index; guarded by itself.
    private readonly Dictionary<ContentHash, ChunkLocation> _index = [];
    private readonly HashSet<int> _unavailable = [];

    // Chunks by their super-features; guards itself.
    private readonly SimilarityIndex _similar = new();

    // How far other writers' journals were read; guarded by _refreshing.
    private readonly object _refreshing = new();
    private readonly Dictionary<string, long> _journals = [];
    private long _refreshedAt;

    // Objects as last seen, by file; guarded by _objects.
    private readonly Dictionary<string, (StoreFileInfo File, ManifestTrailer Trailer)> _objects = [];
    private readonly HashSet<string> _shards = [];
    private long _listedAt;
    private long _used;
    private long _charged;
    private int _receivingEntries;
    private int _temporaries;

    // Bulk objects that are being received in this process; guarded by itself.
    private readonly HashSet<string> _bulk = [];

    internal PrincipalStore(string name, IStoreFiles files, string directory, ObjectStoreOptions options)
    {
        Name = name;
        Options = options;
        _files = files;
        _directory = directory;
        foreach (var part in (string[])[PacksDirectory, ObjectsDirectory, TemporaryDirectory, BulkDirectory]) files.CreateDirectory($"{directory}/{part}");
        _writer = new PackWriter(files, $"{directory}/{PacksDirectory}", Packs, options, Forget);
        Refresh();
        RefreshObjects();
    }

    /// <summary>The principal.</summary>
    public string Name { get; }

    /// <summary>Expanded bytes of the committed objects, as of the last look (seconds ago at most).</summary>
    public long UsedBytes
    {
        get
        {
            RefreshObjects(TimeSpan.FromSeconds(5));
            lock (_objects) return _used;
        }
    }

    /// <summary>Bytes that the principal may keep, or null for no limit.</summary>
    public long? QuotaBytes => Options.PrincipalQuotas.TryGetValue(Name, out var own) ? own : Options.QuotaBytes;

    /// <summary>Chunks known here.</summary>
    public int ChunkCount
    {
        get
        {
            lock (_index) return _index.Count;
        }
    }

    internal PackTable Packs { get; } = new();

    internal ObjectStoreOptions Options { get; }

    /// <summary>The objects whose path begins with <paramref name="prefix"/>, ordered by path. A damaged manifest is left out; reading its path says what is wrong.</summary>
    /// <param name="prefix">How the paths begin.</param>
    /// <param name="after">Only paths behind this one, for the next page; a later page goes on with the first page's look at the store.</param>
    public IReadOnlyList<StoredObject> List(string prefix = "", string after = "")
    {
        ArgumentNullException.ThrowIfNull(prefix);
        ArgumentNullException.ThrowIfNull(after);
        RefreshObjects(after.Length == 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(5));
        lock (_objects)
        {
            return [.. _objects.Values.Select(o => o.Trailer.Object).Where(o => o.Path.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(o.Path, after) > 0).OrderBy(o => o.Path, StringComparer.Ordinal)];
        }
    }

    /// <summary>The object at a path, or null.</summary>
    /// <exception cref="DwcpTransferException">The path breaks the rules, or the stored manifest is damaged.</exception>
    public StoredObject? Find(string path)
    {
        using var reader = OpenObject(RelativePath.Parse(path));
        return reader?.Object;
    }

    /// <summary>Removes an object; its chunks stay until they are reclaimed.</summary>
    /// <returns>False when there was none.</returns>
    public bool Delete(string path)
    {
        var relative = RelativePath.Parse(path);
        try
        {
            var file = FileOf(relative);
            if (!_files.Delete(file)) return false;
            _files.SyncDirectory(file[..file.LastIndexOf('/')]);
            Interlocked.Exchange(ref _listedAt, 0);
            return true;
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, $"delete '{path}'");
        }
    }

    internal bool TryLocate(in ContentHash hash, int length, out ChunkLocation location)
    {
        lock (_index) return _index.TryGetValue(hash, out location) && location.RawLength == length && !_unavailable.Contains(location.Pack);
    }

    /// <summary>A chunk here that resembles one with these super-features.</summary>
    internal bool TryFindSimilar(in ChunkFeatures features, out ContentHash hash, out ChunkLocation location)
    {
        location = default;
        if (!_similar.TryFind(features, out hash)) return false;
        lock (_index) return _index.TryGetValue(hash, out location) && !_unavailable.Contains(location.Pack);
    }

    /// <summary>False while a chunk waits to be synced, or when it never will be.</summary>
    internal bool IsDurable(in ChunkLocation location) => _writer.DurableLength(location.Pack) is not { } length || location.Offset + location.StoredLength <= length;

    /// <summary>Appends a chunk that the caller verified; a chunk that is here already costs nothing. Waits while too much waits to be synced.</summary>
    /// <returns>Completes when the chunk is durable.</returns>
    internal ValueTask<Task> AppendAsync(ContentHash hash, ReadOnlyMemory<byte> payload, int rawLength, CancellationToken cancellationToken) =>
        AppendAsync(hash, payload, rawLength, default, cancellationToken);

    /// <inheritdoc cref="AppendAsync(ContentHash, ReadOnlyMemory{byte}, int, CancellationToken)"/>
    internal async ValueTask<Task> AppendAsync(ContentHash hash, ReadOnlyMemory<byte> payload, int rawLength, ChunkFeatures features, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_index)
            {
                if (_index.TryGetValue(hash, out var known) && known.RawLength == rawLength && !_unavailable.Contains(known.Pack)) return Task.CompletedTask;
                if (_writer.TryAppend(hash, payload.Span, rawLength, features, out var location, out var durable, out room))
                {
                    _index[hash] = location;
                    _similar.Add(features, hash);
                    return durable;
                }
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Completes when everything appended so far is durable.</summary>
    internal Task FlushAsync() => _writer.FlushAsync();

    internal ObjectWriter BeginObject(RelativePath path) =>
        new(this, path, string.Create(CultureInfo.InvariantCulture, $"{_directory}/{TemporaryDirectory}/{_process}-{Interlocked.Increment(ref _temporaries):x}"));

    /// <summary>Opens the partial file of a bulk transfer of this source to this path, made by whichever process began it.</summary>
    /// <exception cref="DwcpTransferException">It is being received already, or the store fails.</exception>
    internal BulkObject OpenBulk(RelativePath path, long bytes, ReadOnlySpan<byte> identity)
    {
        var name = $"{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(path.Text)))[..32]}-{Convert.ToHexString(identity)}".ToLowerInvariant();
        lock (_bulk)
        {
            if (!_bulk.Add(name)) throw new DwcpTransferException(DwcpErrorCode.Busy, DwcpFault.Client, $"'{path}' is being received from this source already. Wait for that transfer to end.");
        }

        try
        {
            ThrowUnlessPartialsFit(name, bytes);
            return new BulkObject(this, _files, _directory, name, path, bytes, identity);
        }
        catch (Exception e)
        {
            CloseBulk(name);
            if (e is IOException io) throw StorageFailure.From(io, $"begin '{path}'");
            throw;
        }
    }

    // Partial files take their whole space at once and stay for a day: without this, transfers begun and left would fill the disk past any quota.
    private void ThrowUnlessPartialsFit(string name, long bytes)
    {
        if (QuotaBytes is not { } quota) return;
        var others = _files.ListFiles($"{_directory}/{BulkDirectory}").Where(f => !f.Name.StartsWith(name, StringComparison.Ordinal)).Sum(f => f.Length);
        if (bytes <= quota - UsedBytes - others) return;
        throw new DwcpTransferException(DwcpErrorCode.QuotaExceeded, DwcpFault.Client, string.Create(
            CultureInfo.InvariantCulture,
            $"Principal '{Name}' may keep {quota} bytes and keeps {UsedBytes}; {others} more are held by bulk transfers that did not end, and {bytes} do not fit. Resume those, or wait: they are deleted after {Options.ResumeRetention.TotalHours:0} h."));
    }

    internal void CloseBulk(string name)
    {
        lock (_bulk) _bulk.Remove(name);
    }

    /// <summary>A name for a pack that no other process makes.</summary>
    internal string NewPackName() => string.Create(
        CultureInfo.InvariantCulture, $"{Options.Time.GetUtcNow().ToUnixTimeMilliseconds():x12}-{_process}-b{Interlocked.Increment(ref _temporaries):x}");

    /// <summary>A pack's file, below the store's root.</summary>
    internal string PackFile(int pack) => $"{_directory}/{PacksDirectory}/{Packs.NameOf(pack)}{PackFormat.PackExtension}";

    internal static string PacksOf(string principalDirectory) => $"{principalDirectory}/{PacksDirectory}";

    internal static string BulkOf(string principalDirectory) => $"{principalDirectory}/{BulkDirectory}";

    /// <summary>Opens a committed object; null when there is none.</summary>
    internal ObjectReader? OpenObject(RelativePath path)
    {
        IStoreFile? file = null;
        try
        {
            file = _files.OpenRead(FileOf(path));
            return file is null ? null : new ObjectReader(this, file, path.Text);
        }
        catch (IOException e)
        {
            file?.Dispose();
            throw StorageFailure.From(e, $"open '{path}'");
        }
        catch (DwcpTransferException)
        {
            file?.Dispose();
            throw;
        }
    }

    internal QuotaCharge BeginCharge() => new(this);

    internal void Charge(long bytes)
    {
        if (QuotaBytes is { } quota)
        {
            RefreshObjects(TimeSpan.FromSeconds(5));
            lock (_objects)
            {
                if (bytes > quota - _used - Interlocked.Read(ref _charged))
                {
                    throw new DwcpTransferException(DwcpErrorCode.QuotaExceeded, DwcpFault.Client, string.Create(
                        CultureInfo.InvariantCulture,
                        $"Principal '{Name}' may keep {quota} bytes and keeps {_used}; {Interlocked.Read(ref _charged)} are being received and {bytes} more do not fit. Delete objects, or have the quota raised."));
                }

                Interlocked.Add(ref _charged, bytes);
            }

            return;
        }

        Interlocked.Add(ref _charged, bytes);
    }

    internal void Uncharge(long bytes) => Interlocked.Add(ref _charged, -bytes);

    /// <summary>Counts entries of objects that are being received: each costs memory until its object is done.</summary>
    internal void ChargeEntries(int entries)
    {
        if (Interlocked.Add(ref _receivingEntries, entries) <= Options.MaxReceivingEntries) return;
        Interlocked.Add(ref _receivingEntries, -entries);
        throw new DwcpTransferException(DwcpErrorCode.LimitExceeded, DwcpFault.Client, string.Create(
            CultureInfo.InvariantCulture,
            $"Principal '{Name}' is sending more than {Options.MaxReceivingEntries} files and directories at once. Send fewer at a time, or pack small files into an archive."));
    }

    internal void UnchargeEntries(int entries) => Interlocked.Add(ref _receivingEntries, -entries);

    /// <summary>Learns what other processes stored, unless that was done within <paramref name="age"/>.</summary>
    internal void Refresh(TimeSpan age = default)
    {
        try
        {
            lock (_refreshing)
            {
                if (_refreshedAt != 0 && age > TimeSpan.Zero && Options.Time.GetElapsedTime(_refreshedAt) < age) return;
                _refreshedAt = Options.Time.GetTimestamp();
                RefreshJournals();
            }
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, "read its journals");
        }
    }

    internal void Forget(in ContentHash hash, in ChunkLocation location)
    {
        lock (_index)
        {
            if (_index.TryGetValue(hash, out var known) && known == location) _index.Remove(hash);
        }
    }

    internal IStoreFile? OpenPackForReading(int pack)
    {
        try
        {
            return _files.OpenRead($"{_directory}/{PacksDirectory}/{Packs.NameOf(pack)}{PackFormat.PackExtension}");
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, $"open pack {Packs.NameOf(pack)}");
        }
    }

    internal void ThrowUnlessDurable(int pack, long end)
    {
        if (_writer.DurableLength(pack) is { } length && end > length) throw WhyLost();
    }

    /// <summary>Why a chunk that was here is not: to be thrown.</summary>
    internal DwcpTransferException WhyLost() => _writer.WhyLost();

    internal IStoreFile CreateTemporary(string temporary) => _files.Create(temporary);

    internal void DiscardTemporary(string temporary)
    {
        try
        {
            _files.Delete(temporary);
        }
        catch (IOException)
        {
            return; // Reclaiming takes it later; the failure that led here is the one to report.
        }
    }

    internal void Publish(string temporary, StoredObject stored)
    {
        var file = FileOf(RelativePath.Parse(stored.Path));
        var shard = file[..file.LastIndexOf('/')];
        bool known;
        lock (_objects) known = _shards.Contains(shard);
        if (!known)
        {
            _files.CreateDirectory(shard);
            lock (_objects) _shards.Add(shard);
        }

        _files.Rename(temporary, file);
        _files.SyncDirectory(shard);
        Interlocked.Exchange(ref _listedAt, 0);
    }

    // Another process may have announced a pack dead between our telling a client that its chunks are here and our commit. It looks again, after a grace, before it
    // deletes: either it sees the manifest that is in place now, or we see its announcement here. An announcement goes after its pack, so it is looked for first:
    // a pack that is there afterwards was not announced before.
    /// <param name="packs">What the object needs.</param>
    /// <param name="path">Its path.</param>
    /// <param name="published">What is to be taken back when a pack is dying; null when nothing was published yet.</param>
    internal void ThrowIfDying(IReadOnlyList<string> packs, RelativePath path, StoredObject? published)
    {
        foreach (var pack in packs)
        {
            var file = $"{_directory}/{PacksDirectory}/{pack}";
            var dying = !_writer.IsWriting(pack) && _files.Exists(file + PackFormat.DyingExtension);
            if (!dying && _files.Exists(file + PackFormat.PackExtension)) continue;
            if (published is not null) TakeBack(path, published);
            lock (_index) _unavailable.Add(Packs.NumberOf(pack));
            throw new DwcpTransferException(DwcpErrorCode.StorageFailed, DwcpFault.Server, $"Chunks of '{path}' were reclaimed meanwhile. Send it again.");
        }
    }

    /// <summary>Tells every process that these packs are in use: a pack that was touched is not announced dead for the time of <see cref="ObjectStoreOptions.ResumeRetention"/>.</summary>
    internal void Touch(IEnumerable<string> packs)
    {
        foreach (var pack in packs) _files.Touch($"{_directory}/{PacksDirectory}/{pack}{PackFormat.PackExtension}");
    }

    // Another writer's newer object stays.
    private void TakeBack(RelativePath path, StoredObject published)
    {
        using (var reader = OpenObject(path))
        {
            if (reader?.Object != published) return;
        }

        Delete(path.Text);
    }

    /// <summary>Announces dead packs, deletes those announced longer than the grace ago, and removes old temporary files.</summary>
    /// <returns>Bytes deleted.</returns>
    internal long Reclaim()
    {
        try
        {
            var now = Options.Time.GetUtcNow();
            var packs = $"{_directory}/{PacksDirectory}";
            var files = _files.ListFiles(packs).ToDictionary(f => f.Name);
            RefreshObjects();
            HashSet<string> referenced;
            lock (_objects) referenced = [.. _objects.Values.SelectMany(o => o.Trailer.Packs)];
            var deleted = 0L;
            foreach (var file in files.Values.Where(f => f.Name.EndsWith(PackFormat.PackExtension, StringComparison.Ordinal)))
            {
                var name = Path.GetFileNameWithoutExtension(file.Name);
                var announced = files.TryGetValue(name + PackFormat.DyingExtension, out var dying);
                if (referenced.Contains(name))
                {
                    if (announced) _files.Delete($"{packs}/{dying.Name}");
                }
                else if (!announced)
                {
                    if (_writer.IsWriting(name) || now - file.ModifiedAt < Options.ResumeRetention) continue;
                    _files.Create($"{packs}/{name}{PackFormat.DyingExtension}").Dispose();
                    _files.SyncDirectory(packs);
                }
                else if (now - dying.ModifiedAt >= Options.ReclaimGrace)
                {
                    _files.Delete($"{packs}/{name}{PackFormat.JournalExtension}");
                    _files.Delete($"{packs}/{file.Name}");
                    _files.Delete($"{packs}/{dying.Name}");
                    deleted += file.Length;
                }
            }

            foreach (var directory in (string[])[TemporaryDirectory, BulkDirectory])
            {
                foreach (var file in _files.ListFiles($"{_directory}/{directory}"))
                {
                    if (now - file.ModifiedAt >= Options.ResumeRetention && _files.Delete($"{_directory}/{directory}/{file.Name}")) deleted += file.Length;
                }
            }

            Refresh();
            return deleted;
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, "reclaim space");
        }
    }

    internal ValueTask CloseAsync() => _writer.DisposeAsync();

    private void Forget(IReadOnlyList<(ContentHash Hash, ChunkLocation Location)> chunks)
    {
        foreach (var (hash, location) in chunks) Forget(hash, location);
    }

    private string FileOf(RelativePath path)
    {
        var name = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(path.Text))).ToLowerInvariant();
        return $"{_directory}/{ObjectsDirectory}/{name[..2]}/{name}{ManifestFormat.Extension}";
    }

    private void RefreshJournals()
    {
        var directory = $"{_directory}/{PacksDirectory}";
        // Before the listing: a pack that is begun meanwhile is not taken for a deleted one.
        var own = _writer.OwnPacks();
        var present = new HashSet<int>();
        var dying = new HashSet<string>();
        // Ordered by name, so by time: a chunk that was stored again after damage is found where it is whole.
        foreach (var file in _files.ListFiles(directory).OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            var name = Path.GetFileNameWithoutExtension(file.Name);
            if (file.Name.EndsWith(PackFormat.DyingExtension, StringComparison.Ordinal)) dying.Add(name);
            if (!file.Name.EndsWith(PackFormat.JournalExtension, StringComparison.Ordinal)) continue;
            present.Add(Packs.NumberOf(name));
            if (_writer.DurableLength(Packs.NumberOf(name)) is null && file.Length > _journals.GetValueOrDefault(name, PackFormat.HeaderBytes)) ReadJournal($"{directory}/{file.Name}", name);
        }

        lock (_index)
        {
            _unavailable.Clear();
            foreach (var name in dying) _unavailable.Add(Packs.NumberOf(name));
            var gone = _journals.Keys.Select(Packs.NumberOf).Concat(own).Where(pack => !present.Contains(pack)).ToHashSet();
            if (gone.Count == 0) return;
            foreach (var (hash, location) in _index)
            {
                if (gone.Contains(location.Pack)) _index.Remove(hash); // removing does not disturb an enumeration (.NET Core 3.0)
            }

            foreach (var pack in gone)
            {
                _journals.Remove(Packs.NameOf(pack));
                _writer.ForgetPack(pack);
            }
        }
    }

    private void ReadJournal(string path, string pack)
    {
        using var file = _files.OpenRead(path);
        if (file is null) return;
        var from = _journals.GetValueOrDefault(pack, 0);
        if (from == 0)
        {
            var header = new byte[PackFormat.HeaderBytes];
            if (file.Read(header, 0) != header.Length || !header.AsSpan().SequenceEqual(PackFormat.JournalHeader)) return;
            from = PackFormat.HeaderBytes;
        }

        var length = file.Length - from;
        if (length <= 0) return;
        var bytes = new byte[Math.Min(length, Array.MaxLength)];
        var read = file.Read(bytes, from);
        lock (_index)
        {
            from += PackFormat.ReadGroups(bytes.AsSpan(0, read), Packs.NumberOf(pack), (hash, location, features) =>
            {
                _similar.Add(features, hash);
                // An entry of our own that waits to be synced stays: its waiter counts on it.
                if (!_index.TryGetValue(hash, out var known) || _writer.DurableLength(known.Pack) is null) _index[hash] = location;
            });
        }

        _journals[pack] = from;
    }

    private void RefreshObjects(TimeSpan age = default)
    {
        lock (_objects)
        {
            var listed = Interlocked.Read(ref _listedAt);
            if (listed != 0 && age > TimeSpan.Zero && Options.Time.GetElapsedTime(listed) < age) return;
            Interlocked.Exchange(ref _listedAt, Options.Time.GetTimestamp());
            try
            {
                ListObjects();
            }
            catch (IOException e)
            {
                throw StorageFailure.From(e, "list its objects");
            }
        }
    }

    private void ListObjects()
    {
        var root = $"{_directory}/{ObjectsDirectory}";
        var gone = new HashSet<string>(_objects.Keys);
        foreach (var shard in _files.ListDirectories(root))
        {
            foreach (var info in _files.ListFiles($"{root}/{shard}"))
            {
                var path = $"{root}/{shard}/{info.Name}";
                gone.Remove(path);
                if (_objects.TryGetValue(path, out var known) && known.File == info) continue;
                using var file = _files.OpenRead(path);
                if (file is null) continue;
                try
                {
                    _objects[path] = (info, ManifestTrailer.Read(file, info.Name));
                }
                catch (DwcpTransferException e) when (e.Code == DwcpErrorCode.StoredDataCorrupt)
                {
                    _objects.Remove(path); // Find and OpenObject report it, by its path.
                }
            }
        }

        foreach (var path in gone) _objects.Remove(path);
        // Declared sizes of sparse objects may add up to more than a number holds: full is full.
        _used = _objects.Values.Aggregate(0L, static (sum, o) => o.Trailer.Object.Bytes > long.MaxValue - sum ? long.MaxValue : sum + o.Trailer.Object.Bytes);
    }
}
