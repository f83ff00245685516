using System.Globalization;
using System.Security.Cryptography;
using NovaCron.Dwcp.Codec.Dictionary.Resemblance;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>
/// Appends chunks to this process's pack of one principal and makes them durable in groups: pack written, pack synced, journal record written, journal synced, then
/// everyone who waited hears of it. One batch fills while the one before is synced; appenders wait when both are full.
/// A failed write or sync fails both batches, and the pack is never written again: after a failed sync nobody knows what is on the disk.
/// </summary>
internal sealed class PackWriter : IAsyncDisposable
{
    private readonly IStoreFiles _files;
    private readonly string _directory;
    private readonly PackTable _packs;
    private readonly ObjectStoreOptions _options;
    private readonly Action<IReadOnlyList<(ContentHash, ChunkLocation)>> _forget;
    private readonly string _writer;

    // What waits. Everything below is guarded by _gate.
    private readonly object _gate = new();
    private CommitBatch? _filling;
    private CommitBatch? _committing;
    private TaskCompletionSource? _space;
    private bool _flushRequested;
    private bool _disposed;
    private Pack? _pack;
    private int _packsOpened;
    private long _lastCommit;
    private DwcpTransferException? _lastFailure;

    // Durable length of every pack that this process wrote.
    private readonly Dictionary<int, long> _durable = [];

    // The committer; one at a time, started when there is something to commit.
    private Task _committer = Task.CompletedTask;
    private TaskCompletionSource _urgent = NewSignal();

    /// <param name="files">Where.</param>
    /// <param name="directory">The principal's directory of packs; exists.</param>
    /// <param name="packs">Numbers of packs.</param>
    /// <param name="options">Sizes and times.</param>
    /// <param name="forget">Called, before any waiter hears of it, with the chunks that will never be durable.</param>
    public PackWriter(IStoreFiles files, string directory, PackTable packs, ObjectStoreOptions options, Action<IReadOnlyList<(ContentHash, ChunkLocation)>> forget)
    {
        _files = files;
        _directory = directory;
        _packs = packs;
        _options = options;
        _forget = forget;
        // Unique per process start: time for people, randomness for truth.
        _writer = string.Create(CultureInfo.InvariantCulture, $"{options.Time.GetUtcNow().ToUnixTimeMilliseconds():x12}-{Convert.ToHexString(RandomNumberGenerator.GetBytes(8)).ToLowerInvariant()}");
    }

    /// <summary>True when a pack is the one being written by this process: its dead chunks are not to be reclaimed.</summary>
    public bool IsWriting(string pack)
    {
        lock (_gate) return _pack?.Name == pack;
    }

    /// <summary>Bytes of a pack that are durable, or null when this process did not write it.</summary>
    public long? DurableLength(int pack)
    {
        lock (_gate) return _durable.TryGetValue(pack, out var length) ? length : null;
    }

    /// <summary>Numbers of the packs that this process wrote and that were not found deleted.</summary>
    public IReadOnlyList<int> OwnPacks()
    {
        lock (_gate) return [.. _durable.Keys];
    }

    /// <summary>A pack of this process was deleted, as dead, by whichever process.</summary>
    public void ForgetPack(int pack)
    {
        lock (_gate) _durable.Remove(pack);
    }

    /// <summary>Why chunks were lost before they were durable: the last reason, or a general one.</summary>
    public DwcpTransferException WhyLost()
    {
        lock (_gate)
        {
            return _lastFailure is { } failure
                ? new DwcpTransferException(failure.Code, failure.Fault, failure.Message, failure)
                : new DwcpTransferException(DwcpErrorCode.StorageFailed, DwcpFault.Server, "Chunks of this object could not be stored. Send it again.");
        }
    }

    /// <summary>Appends when there is room now.</summary>
    /// <param name="hash">The chunk's address.</param>
    /// <param name="payload">Its encoded bytes; copied.</param>
    /// <param name="rawLength">Its length.</param>
    /// <param name="features">Its super-features, or none.</param>
    /// <param name="location">Where it will be.</param>
    /// <param name="durable">Completes when it is durable.</param>
    /// <param name="room">When there is no room: completes when it is worth trying again.</param>
    public bool TryAppend(in ContentHash hash, ReadOnlySpan<byte> payload, int rawLength, in ChunkFeatures features, out ChunkLocation location, out Task durable, out Task room)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            location = default;
            durable = room = Task.CompletedTask;
            if (_filling is not null && _filling.Length + payload.Length > _options.CommitBytes && _filling.Length > 0)
            {
                _space ??= NewSignal();
                room = _space.Task;
                _urgent.TrySetResult();
                return false;
            }

            var batch = _filling ??= BeginBatch();
            location = new ChunkLocation(batch.Pack.Number, payload.Length, rawLength, batch.Append(payload, _options.CommitBytes));
            batch.Records.Add((hash, location));
            batch.Features.Add(features);
            durable = batch.Done;
            if (batch.Length >= _options.CommitBytes) _urgent.TrySetResult();
            StartCommitter();
            return true;
        }
    }

    /// <summary>Completes when everything appended so far is durable.</summary>
    public Task FlushAsync()
    {
        lock (_gate)
        {
            if (_filling is null) return _committing?.Done ?? Task.CompletedTask;
            _flushRequested = true;
            _urgent.TrySetResult();
            return _filling.Done;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task committer;
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            _flushRequested = true;
            _urgent.TrySetResult();
            committer = _committer;
        }

        await committer.ConfigureAwait(false);
        lock (_gate)
        {
            _pack?.Dispose();
            _pack = null;
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void StartCommitter()
    {
        if (_committer.IsCompleted) _committer = Task.Run(CommitUntilEmptyAsync);
    }

    private CommitBatch BeginBatch()
    {
        // The batch before decides where this one begins; it may still be on its way to the disk.
        if (_committing is { } before)
        {
            var end = before.BaseOffset + before.Length;
            if (end < _options.PackBytes) return new CommitBatch(before.Pack, end, _options.Time.GetTimestamp());
        }
        else if (_pack is not null)
        {
            // A pack that rested for long may have been announced dead by another process; a new one cannot have been.
            var rested = _options.Time.GetElapsedTime(_lastCommit);
            if (_pack.DataLength < _options.PackBytes && rested < _options.ResumeRetention / 2) return new CommitBatch(_pack, _pack.DataLength, _options.Time.GetTimestamp());
            _pack.Dispose();
            _pack = null;
        }

        return new CommitBatch(OpenPack(), PackFormat.HeaderBytes, _options.Time.GetTimestamp());
    }

    private Pack OpenPack()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{_writer}-{_packsOpened++:x4}");
        IStoreFile? data = null;
        IStoreFile? journal = null;
        try
        {
            data = _files.Create($"{_directory}/{name}{PackFormat.PackExtension}");
            data.Write(PackFormat.PackHeader, 0);
            journal = _files.Create($"{_directory}/{name}{PackFormat.JournalExtension}");
            journal.Write(PackFormat.JournalHeader, 0);
            _files.SyncDirectory(_directory);
            // The pack before is closed by the committer, when its last batch is done.
            _pack = new Pack(name, _packs.NumberOf(name), data, journal);
            _durable[_pack.Number] = 0;
            return _pack;
        }
        catch (IOException e)
        {
            data?.Dispose();
            journal?.Dispose();
            throw StorageFailure.From(e, "begin a pack");
        }
    }

    private async Task CommitUntilEmptyAsync()
    {
        while (true)
        {
            await WaitUntilDueAsync().ConfigureAwait(false);
            CommitBatch batch;
            lock (_gate)
            {
                if (_filling is null)
                {
                    _committer = Task.CompletedTask;
                    return;
                }

                batch = _committing = _filling;
                _filling = null;
                _flushRequested = false;
                _urgent = NewSignal();
                _space?.TrySetResult();
                _space = null;
            }

            try
            {
                Commit(batch);
                lock (_gate)
                {
                    _committing = null;
                    _durable[batch.Pack.Number] = batch.Pack.DataLength;
                    _lastCommit = _options.Time.GetTimestamp();
                    if (_pack != batch.Pack) batch.Pack.Dispose();
                }

                batch.Complete();
            }
            catch (Exception e)
            {
                // Whatever it was: those who wait for the batch must hear of it, or they wait for ever.
                Abandon(batch, e);
            }
        }
    }

    private async Task WaitUntilDueAsync()
    {
        Task urgent;
        TimeSpan left;
        lock (_gate)
        {
            if (_filling is null || _flushRequested || _filling.Length >= _options.CommitBytes) return;
            left = _options.CommitInterval - _options.Time.GetElapsedTime(_filling.FirstAppended);
            urgent = _urgent.Task;
        }

        if (left <= TimeSpan.Zero) return;
        await Task.WhenAny(urgent, Task.Delay(left, _options.Time)).ConfigureAwait(false);
    }

    // The order is the promise: no journal record before its chunks are synced, no acknowledgement before the record is.
    private static void Commit(CommitBatch batch)
    {
        var pack = batch.Pack;
        pack.Data.Write(batch.Written, batch.BaseOffset);
        pack.Data.Sync();
        pack.DataLength = batch.BaseOffset + batch.Length;
        var features = batch.Features.Exists(static f => !f.IsNone) ? batch.Features : null;
        using var group = new WireWriter((batch.Records.Count * (PackFormat.RecordBytes + ChunkFeatures.Size)) + 64);
        PackFormat.WriteGroup(group, batch.Records, pack.DataLength, features);
        pack.Journal.Write(group.Written, pack.JournalLength);
        pack.Journal.Sync();
        pack.JournalLength += group.Length;
    }

    private void Abandon(CommitBatch batch, Exception e)
    {
        var failure = StorageFailure.From(e, "store chunks");
        CommitBatch? next;
        lock (_gate)
        {
            _committing = null;
            _lastFailure = failure;
            // What gathered meanwhile has its place behind the failed batch.
            next = _filling?.Pack == batch.Pack ? _filling : null;
            if (next is not null) _filling = null;
            if (_pack == batch.Pack) _pack = null;
            _space?.TrySetResult();
            _space = null;
        }

        // Before any waiter hears of it, and outside of the lock: the index is locked around calls to this class.
        _forget(batch.Records);
        if (next is not null) _forget(next.Records);

        // Gives the space of the torn tail back; failing at it changes nothing, for the journal does not mention it.
        try
        {
            batch.Pack.Data.Truncate(batch.Pack.DataLength);
        }
        catch (Exception truncation) when (truncation is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            failure = StorageFailure.From(e, $"store chunks (nor cut the pack back: {truncation.Message})");
        }

        batch.Pack.Dispose();
        batch.Fail(failure);
        next?.Fail(failure);
    }
}
