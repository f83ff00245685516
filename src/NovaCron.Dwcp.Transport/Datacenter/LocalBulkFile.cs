using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>A file that a client receives by the bulk path: it grows beside its destination and takes its place once its digest is the object's.</summary>
internal sealed class LocalBulkFile : IDisposable
{
    private const string DataSuffix = ".dwcp-bulk";
    private const string JournalSuffix = ".dwcp-bulk-journal";
    private const int PermissionBits = 0x1FF; // as in the session: set-user-id and its kin are never restored

    private readonly string _destination;
    private readonly DiskFiles _files;
    private readonly string _parent;
    private readonly string _name;
    private readonly EntryHeader _entry;
    private readonly ContentHash _root;

    public LocalBulkFile(string destination, EntryHeader entry, ContentHash root)
    {
        _destination = Path.TrimEndingDirectorySeparator(Path.GetFullPath(destination));
        _name = Path.GetFileName(_destination);
        _parent = Path.GetDirectoryName(_destination) ?? throw Local($"{destination} cannot be made: name a file below it.", null);
        _entry = entry;
        _root = root;
        DiskFiles? files = null;
        IStoreFile? data = null;
        try
        {
            Directory.CreateDirectory(_parent);
            _files = files = new DiskFiles(_parent);
            data = files.OpenWrite(DataName) ?? files.Create(DataName);
            var journal = files.OpenWrite(JournalName) ?? files.Create(JournalName);
            Span<byte> identity = stackalloc byte[ContentHash.Size];
            root.CopyTo(identity);
            Partial = new PartialExtents(data, journal, entry.Size!.Value, identity[..BulkLimits.IdentityBytes], packed: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            data?.Dispose();
            files?.Dispose();
            throw Local($"Cannot prepare {_destination}: {e.Message}", e);
        }
    }

    public PartialExtents Partial { get; }

    private string DataName => $".{_name}{DataSuffix}";

    private string JournalName => $".{_name}{JournalSuffix}";

    public void Begin(bool forget, Action<long>? verified, CancellationToken cancellationToken) => Guard(() =>
    {
        Partial.Begin(forget, verified, cancellationToken);
        return true;
    });

    /// <summary>Computes the digest of what was written, and puts the file in place if it is the object's.</summary>
    /// <exception cref="DwcpTransferException">It is not; everything travels again.</exception>
    public ContentHash Commit(Action<long>? digested, CancellationToken cancellationToken) => Guard(() =>
    {
        var root = Partial.ComputeDigest(_entry with { Size = null }, null, digested, cancellationToken);
        if (root != _root)
        {
            _files.Delete(JournalName);
            throw new DwcpProtocolException(
                DwcpErrorCode.CorruptChunk, $"The object has the hash {_root} and what arrived has {root}, although every extent had its checksum. It travels again.");
        }

        DatacenterCounters.Digested();
        using (var directory = new BeneathDirectory(_parent))
        using (var handle = directory.OpenWrite(DataName, createNew: false))
        {
            if (_entry.Mode is { } mode && !OperatingSystem.IsWindows()) File.SetUnixFileMode(handle, (UnixFileMode)(mode & PermissionBits));
            if (_entry.ModifiedAt != 0) File.SetLastWriteTimeUtc(handle, SourceEntries.FromNanoseconds(_entry.ModifiedAt));
        }

        _files.Rename(DataName, _name);
        _files.Delete(JournalName);
        _files.SyncDirectory("");
        return root;
    });

    /// <summary>Runs something that writes the file; a failing disk is a local failure, not the node's.</summary>
    public async Task GuardAsync(Func<Task> body)
    {
        try
        {
            await body().ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Local($"Cannot write {_destination}: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        Partial.Dispose();
        _files.Dispose();
    }

    private static DwcpTransferException Local(string message, Exception? cause) => new(DwcpErrorCode.LocalFile, DwcpFault.Client, message, cause);

    private T Guard<T>(Func<T> body)
    {
        try
        {
            return body();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Local($"Cannot write {_destination}: {e.Message}", e);
        }
    }
}
