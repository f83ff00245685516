using System.IO.Hashing;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Exchange;

/// <summary>
/// Receives an object to a local path. Files grow in a directory beside the destination, with a journal of the chunks in them, so that a later attempt goes on where
/// this one ended; at the end they are synced, renamed into place and given their metadata. Chunks that a journal mentions are hashed again before they are believed.
/// </summary>
internal sealed class DirectorySink : IObjectSink
{
    private const string PartialSuffix = ".dwcp-partial";
    private const string JournalName = "journal";
    private const int MaxOpenFiles = 16;
    private const int JournalGroupBytes = 8 * 1024 * 1024;
    private const int JournalRecordBytes = ContentHash.Size + 20;
    private const int PermissionBits = 0x1FF; // set-user-id and its kin are never restored: the bytes come from elsewhere

    private readonly string _destination;
    private readonly BeneathDirectory _parent;
    private readonly string _name;
    private readonly string _partialName;
    private readonly EntryRules _rules;
    private readonly PresentChunks? _present;
    private readonly List<(EntryHeader Entry, long Number)> _entries = [];
    private readonly Dictionary<ContentHash, Place> _chunks = [];
    private readonly Dictionary<long, SafeFileHandle> _open = [];
    private readonly byte[] _buffer = new byte[FastCdc.DefaultMaximum];
    private readonly WireWriter _journalGroup = new();
    private BeneathDirectory? _partial;
    private SafeFileHandle? _journal;
    private long _journalLength;
    private long _unjournalled;
    private bool _committed;

    /// <param name="destination">The file or directory to make.</param>
    /// <param name="maximumEntries">Most entries accepted.</param>
    /// <param name="present">What stands at the destination, where chunks are taken from it; null otherwise.</param>
    public DirectorySink(string destination, int maximumEntries, PresentChunks? present = null)
    {
        _present = present;
        _destination = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        _name = Path.GetFileName(_destination);
        if (_name.Length == 0) throw Local($"{destination} cannot be made: name a file or directory below it.", null);
        _partialName = $".{_name}{PartialSuffix}";
        _rules = new EntryRules(maximumEntries);
        var parent = Path.GetDirectoryName(_destination)!;
        try
        {
            Directory.CreateDirectory(parent);
            _parent = new BeneathDirectory(parent);
        }
        catch (Exception e) when (IsOfTheFileSystem(e))
        {
            throw Local($"Cannot use {parent}: {e.Message}", e);
        }
    }

    /// <summary>Begins, or goes on with what an earlier attempt at the same object left.</summary>
    public void Begin(in ContentHash root, bool resume)
    {
        try
        {
            _parent.CreateDirectory(_partialName);
            _partial = _parent.Beneath(_partialName);
            _journal = _partial.OpenWrite(JournalName, createNew: false);
            if (!resume || !LoadJournal(root)) Restart(root);
        }
        catch (Exception e) when (IsOfTheFileSystem(e))
        {
            throw Local($"Cannot prepare {_destination}: {e.Message}", e);
        }
    }

    public void Admit(EntryHeader entry, long number)
    {
        _rules.Admit(entry);
        if (OperatingSystem.IsWindows() && entry.Path.Text.AsSpan().IndexOfAny("<>:\"|?*") >= 0)
            throw new DwcpTransferException(DwcpErrorCode.InvalidPath, DwcpFault.Client, $"Windows cannot hold a file named '{entry.Path}'. Receive it on another system.");
        _entries.Add((entry, number));
    }

    public void AdmitBytes(long bytes)
    {
        // The local disk is the quota.
    }

    public bool Has(in ReceivedRecord record)
    {
        var hash = record.Record.Hash;
        if (!_chunks.TryGetValue(hash, out var place) || place.Length != (int)record.Record.Length) return TryTakePresent(record);
        if (place.Verified) return true;
        if (!TryRead(place) || ContentHash.Of(_buffer.AsSpan(0, place.Length)) != hash)
        {
            _chunks.Remove(hash);
            return TryTakePresent(record);
        }

        _chunks[hash] = place with { Verified = true };
        return true;
    }

    // Copied at once: what stands at the destination may change until the object is complete.
    private bool TryTakePresent(in ReceivedRecord record)
    {
        if (_present is null || record.Record.Length > _buffer.Length) return false;
        var raw = _buffer.AsSpan(0, (int)record.Record.Length);
        if (!_present.TryRead(record.Record.Hash, raw)) return false;
        Take(record, raw);
        return true;
    }

    private void Take(in ReceivedRecord record, ReadOnlySpan<byte> raw)
    {
        Write(record.Entry, record.Offset, raw);
        _chunks[record.Record.Hash] = new Place(record.Entry, record.Offset, raw.Length, Verified: true);
        _journalGroup.Hash(record.Record.Hash).UInt64((ulong)record.Entry).UInt64((ulong)record.Offset).UInt32((uint)raw.Length);
        _unjournalled += raw.Length;
        if (_unjournalled >= JournalGroupBytes) WriteJournal();
    }

    public ValueTask<Task> StoreAsync(ReceivedRecord record, ReadOnlyMemory<byte> payload, ReadOnlyMemory<byte> raw, CancellationToken cancellationToken)
    {
        Take(record, raw.Span);
        return ValueTask.FromResult(Task.CompletedTask);
    }

    public ValueTask CompleteSegmentAsync(IReadOnlyList<ReceivedRecord> records, CancellationToken cancellationToken)
    {
        foreach (var (record, entry, offset) in records)
        {
            if (record.Kind == ManifestRecordKind.EndFile)
            {
                EndFile(entry, offset);
            }
            else if (record.Kind == ManifestRecordKind.Chunk)
            {
                var place = _chunks[record.Hash];
                if (place.Entry == entry && place.Offset == offset) continue;
                if (!TryRead(place)) throw Local($"{_parent.Full(_partialName)} changed while it was written. Delete it and receive again.", null);
                Write(entry, offset, _buffer.AsSpan(0, place.Length));
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Writes into a file of the object.</summary>
    public void Write(long entry, long offset, ReadOnlySpan<byte> bytes) => WriteTo(OpenFile(entry), offset, bytes);

    /// <summary>Gives a file its final length.</summary>
    public void EndFile(long entry, long length)
    {
        try
        {
            RandomAccess.SetLength(OpenFile(entry), length);
        }
        catch (Exception e) when (IsOfTheFileSystem(e))
        {
            throw Local($"Cannot write {_destination}: {e.Message}", e);
        }
    }

    public Task CommitAsync(ContentHash root, long bytes, long entries, CancellationToken cancellationToken)
    {
        try
        {
            WriteJournal();
            PutInPlace(cancellationToken);
        }
        catch (Exception e) when (IsOfTheFileSystem(e))
        {
            throw Local($"Cannot put {_destination} in place: {e.Message}. What was received is kept; receive again.", e);
        }

        _committed = true;
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        if (!_committed && _journal is not null && _journalGroup.Length > 0)
        {
            try
            {
                WriteJournal();
            }
            catch (DwcpTransferException)
            {
                // The journal only saves a later attempt some bytes; the failure on its way says why this one ended.
            }
        }

        foreach (var file in _open.Values) file.Dispose();
        _open.Clear();
        _journal?.Dispose();
        _partial?.Dispose();
        _parent.Dispose();
        _journalGroup.Dispose();
    }

    // The runtime makes an ArgumentOutOfRangeException of a file that may grow no further (EFBIG), and of a time that the file system does not know.
    private static bool IsOfTheFileSystem(Exception e) => e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException;

    private static string FileName(long entry) => $"f{entry}";

    private static DwcpTransferException Local(string message, Exception? cause) => new(DwcpErrorCode.LocalFile, DwcpFault.Client, message, cause);

    private void WriteTo(SafeFileHandle file, long offset, ReadOnlySpan<byte> bytes)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (Exception e) when (IsOfTheFileSystem(e))
        {
            throw Local($"Cannot write {_destination}: {e.Message}", e);
        }
    }

    private SafeFileHandle OpenFile(long entry)
    {
        if (_open.TryGetValue(entry, out var file)) return file;
        if (_open.Count >= MaxOpenFiles)
        {
            foreach (var other in _open.Values) other.Dispose();
            _open.Clear();
        }

        try
        {
            file = _partial!.OpenWrite(FileName(entry), createNew: false);
        }
        catch (IOException e)
        {
            throw Local($"Cannot write {_destination}: {e.Message}", e);
        }

        _open.Add(entry, file);
        return file;
    }

    private bool TryRead(in Place place)
    {
        try
        {
            return FileReading.ReadFully(OpenFile(place.Entry), _buffer.AsSpan(0, place.Length), place.Offset) == place.Length;
        }
        catch (Exception e) when (IsOfTheFileSystem(e))
        {
            throw Local($"Cannot read back {_destination}: {e.Message}", e);
        }
    }

    private bool LoadJournal(in ContentHash root)
    {
        var length = RandomAccess.GetLength(_journal!);
        if (length < ContentHash.Size) return false;
        var bytes = new byte[Math.Min(length, Array.MaxLength)];
        var read = RandomAccess.Read(_journal!, bytes, 0);
        if (read < ContentHash.Size || new ContentHash(bytes.AsSpan(0, ContentHash.Size)) != root) return false;
        var position = ContentHash.Size;
        while (read - position >= 12)
        {
            var reader = new WireReader(bytes.AsSpan(position, read - position));
            var count = reader.UInt32();
            var checksum = reader.UInt64();
            var size = (long)count * JournalRecordBytes;
            if (size > reader.Remaining) break;
            var group = reader.Bytes((int)size);
            if (XxHash3.HashToUInt64(group) != checksum) break;
            AddJournalled(group, (int)count);
            position += 12 + (int)size;
        }

        _journalLength = position;
        return true;
    }

    private void AddJournalled(ReadOnlySpan<byte> group, int count)
    {
        var reader = new WireReader(group);
        for (var i = 0; i < count; i++)
        {
            var hash = reader.Hash();
            var place = new Place((long)reader.UInt64(), (long)reader.UInt64(), (int)Math.Min(reader.UInt32(), FastCdc.DefaultMaximum), Verified: false);
            if (place is { Entry: > 0, Offset: >= 0 }) _chunks[hash] = place;
        }
    }

    private void Restart(in ContentHash root)
    {
        _chunks.Clear();
        foreach (var item in _partial!.List(""))
        {
            if (item.Name != JournalName && !item.IsDirectory) _partial.DeleteFile(item.Name);
        }

        Span<byte> header = stackalloc byte[ContentHash.Size];
        root.CopyTo(header);
        RandomAccess.SetLength(_journal!, 0);
        RandomAccess.Write(_journal!, header, 0);
        _journalLength = header.Length;
    }

    private void WriteJournal()
    {
        if (_journalGroup.Length == 0) return;
        using var group = new WireWriter(_journalGroup.Length + 12);
        group.UInt32((uint)(_journalGroup.Length / JournalRecordBytes)).UInt64(XxHash3.HashToUInt64(_journalGroup.Written)).Bytes(_journalGroup.Written);
        WriteTo(_journal!, _journalLength, group.Written);
        _journalLength += group.Length;
        _journalGroup.Clear();
        _unjournalled = 0;
    }

    private void PutInPlace(CancellationToken cancellationToken)
    {
        string At(RelativePath path) => path.IsRoot ? _name : $"{_name}/{path.Text}";
        foreach (var (entry, number) in _entries)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entry.Kind == EntryKind.Directory)
            {
                _parent.CreateDirectory(At(entry.Path));
            }
            else if (entry.Kind == EntryKind.File)
            {
                var file = OpenFile(number);
                SetMetadata(file, entry);
                RandomAccess.FlushToDisk(file);
                _open.Remove(number);
                file.Dispose();
                _parent.Rename($"{_partialName}/{FileName(number)}", At(entry.Path));
            }
        }

        // Links after files, directories' times last: nothing is ever created through a link, and creating changes times.
        foreach (var (entry, _) in _entries.Where(e => e.Entry.Kind == EntryKind.SymbolicLink))
        {
            _parent.DeleteFile(At(entry.Path));
            _parent.CreateSymbolicLink(At(entry.Path), entry.Target);
        }

        foreach (var (entry, _) in Enumerable.Reverse(_entries).Where(e => e.Entry.Kind == EntryKind.Directory))
        {
            using var directory = _parent.OpenDirectory(At(entry.Path));
            if (directory is not null) SetMetadata(directory, entry);
            _parent.Sync(At(entry.Path));
        }

        _journal!.Dispose();
        _journal = null;
        foreach (var item in _partial!.List("").Where(i => !i.IsDirectory)) _partial.DeleteFile(item.Name);
        _parent.DeleteDirectory(_partialName);
        _parent.Sync("");
    }

    private static void SetMetadata(SafeFileHandle handle, EntryHeader entry)
    {
        if (entry.Mode is { } mode && !OperatingSystem.IsWindows()) SetMode(handle, mode);
        // A synthetic directory over several sources has no time of its own.
        if (entry.ModifiedAt != 0) File.SetLastWriteTimeUtc(handle, SourceEntries.FromNanoseconds(entry.ModifiedAt));
    }

    [UnsupportedOSPlatform("windows")]
    private static void SetMode(SafeFileHandle handle, int mode) => File.SetUnixFileMode(handle, (UnixFileMode)(mode & PermissionBits));

    private readonly record struct Place(long Entry, long Offset, int Length, bool Verified);
}
