using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>Walks what is to be sent: parents before children, children by ordinal name, links recorded and never followed. The same tree gives the same entries.</summary>
internal static class SourceEntries
{
    private const long NanosecondsPerTick = 100;

    public static IEnumerable<SourceEntry> Of(TransferSource source)
    {
        if (source is MemorySource memory)
        {
            var header = new EntryHeader(EntryKind.File, RelativePath.Root, null, ToNanoseconds(memory.ModifiedAt.UtcDateTime), memory.Bytes.Length, "");
            return [new SourceEntry(header, null, memory.Bytes)];
        }

        return source is PathSource paths ? OfPaths(paths.Paths, paths.Includes) : throw new NotSupportedException($"{source.GetType().Name} cannot be sent.");
    }

    /// <summary>Bytes and files in the source as they are now, for progress only.</summary>
    public static (long Bytes, long Entries) Measure(TransferSource source)
    {
        var bytes = 0L;
        var entries = 0L;
        foreach (var entry in Of(source))
        {
            bytes += entry.Header.Size ?? 0;
            entries++;
        }

        return (bytes, entries);
    }

    /// <summary>The hash that the source has as an object.</summary>
    /// <exception cref="DwcpTransferException">It cannot be read.</exception>
    public static ContentHash Hash(TransferSource source, CancellationToken cancellationToken)
    {
        var chunks = new Exchange.ChunkingSource(Of(source));
        foreach (var draft in chunks.ReadSegments(cancellationToken)) draft.Dispose();
        return chunks.Hasher.Root();
    }

    internal static long ToNanoseconds(DateTime utc) => (utc - DateTime.UnixEpoch).Ticks * NanosecondsPerTick;

    internal static DateTime FromNanoseconds(long nanoseconds)
    {
        var ticks = Math.Clamp(nanoseconds / NanosecondsPerTick, -DateTime.UnixEpoch.Ticks, DateTime.MaxValue.Ticks - DateTime.UnixEpoch.Ticks);
        return DateTime.UnixEpoch.AddTicks(ticks);
    }

    private static IEnumerable<SourceEntry> OfPaths(IReadOnlyList<string> paths, Func<string, bool, bool>? includes)
    {
        if (paths.Count == 0) throw new DwcpTransferException(DwcpErrorCode.InvalidRequest, DwcpFault.Client, "Nothing to send: no path was given.");
        if (paths.Count == 1) return Walk(Locate(paths[0]), RelativePath.Root, includes);
        return OfSeveral(paths, includes);
    }

    private static IEnumerable<SourceEntry> OfSeveral(IReadOnlyList<string> paths, Func<string, bool, bool>? includes)
    {
        yield return new SourceEntry(new EntryHeader(EntryKind.Directory, RelativePath.Root, null, 0, null, ""), null, default);
        foreach (var info in paths.Select(Locate).OrderBy(i => i.Name, StringComparer.Ordinal))
        {
            foreach (var entry in Walk(info, RelativePath.Parse(info.Name), includes)) yield return entry;
        }
    }

    private static FileSystemInfo Locate(string path)
    {
        // A trailing separator would make a directory's name empty.
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Directory.Exists(full)) return new DirectoryInfo(full);
        var file = new FileInfo(full);
        return file.Exists || file.LinkTarget is not null
            ? file
            : throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"There is no file or directory {full}.");
    }

    private static IEnumerable<SourceEntry> Walk(FileSystemInfo info, RelativePath path, Func<string, bool, bool>? includes)
    {
        if (info.LinkTarget is { } target)
        {
            // A link's own time cannot be restored everywhere; leaving it out keeps the hash of a tree and of its copy equal.
            yield return new SourceEntry(new EntryHeader(EntryKind.SymbolicLink, path, null, 0, null, target), info.FullName, default);
            yield break;
        }

        if (info is FileInfo file)
        {
            yield return new SourceEntry(new EntryHeader(EntryKind.File, path, ModeOf(file), TimeOf(file), LengthOf(file), ""), file.FullName, default);
            yield break;
        }

        yield return new SourceEntry(new EntryHeader(EntryKind.Directory, path, ModeOf(info), TimeOf(info), null, ""), info.FullName, default);
        foreach (var child in ChildrenOf((DirectoryInfo)info))
        {
            var below = path.Append(child.Name);
            if (includes is not null && !includes(below.Text, child is DirectoryInfo && child.LinkTarget is null)) continue;
            foreach (var entry in Walk(child, below, includes)) yield return entry;
        }
    }

    private static FileSystemInfo[] ChildrenOf(DirectoryInfo directory)
    {
        try
        {
            var children = directory.GetFileSystemInfos();
            Array.Sort(children, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
            return children;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"Cannot list {directory.FullName}: {e.Message}", e);
        }
    }

    private static int? ModeOf(FileSystemInfo info) => OperatingSystem.IsWindows() ? null : (int)info.UnixFileMode & 0xFFF;

    private static long TimeOf(FileSystemInfo info) => ToNanoseconds(info.LastWriteTimeUtc);

    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException e)
        {
            throw new DwcpTransferException(DwcpErrorCode.LocalFile, DwcpFault.Client, $"{file.FullName} vanished while it was about to be sent.", e);
        }
    }
}
