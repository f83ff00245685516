using Microsoft.Win32.SafeHandles;

namespace NovaCron.Dwcp.Transport.Files;

/// <summary>The real file system, beneath one directory.</summary>
internal sealed class DiskFiles : IStoreFiles
{
    private readonly BeneathDirectory _root;

    public DiskFiles(string root) => _root = new BeneathDirectory(root);

    public IStoreFile Create(string path) => new DiskFile(_root.OpenWrite(path, createNew: true), path);

    public IStoreFile? OpenRead(string path) => _root.OpenRead(path) is { } handle ? new DiskFile(handle, path) : null;

    public IStoreFile? OpenWrite(string path) => Exists(path) ? new DiskFile(_root.OpenWrite(path, createNew: false), path) : null;

    public bool Exists(string path)
    {
        using var handle = _root.OpenRead(path);
        return handle is not null;
    }

    public bool Touch(string path)
    {
        using var handle = _root.OpenRead(path);
        if (handle is null) return false;
        File.SetLastWriteTimeUtc(handle, DateTime.UtcNow);
        return true;
    }

    public void CreateDirectory(string path)
    {
        var end = 0;
        var parent = "";
        while (end < path.Length)
        {
            end = path.IndexOf('/', end + 1) is var slash and > 0 ? slash : path.Length;
            if (_root.CreateDirectory(path[..end])) _root.Sync(parent);
            parent = path[..end];
        }
    }

    public IReadOnlyList<StoreFileInfo> ListFiles(string directory) =>
        [.. _root.List(directory).Where(i => i is { IsDirectory: false, IsLink: false }).Select(i => new StoreFileInfo(i.Name, i.Length, i.ModifiedAt))];

    public IReadOnlyList<string> ListDirectories(string directory) => [.. _root.List(directory).Where(i => i.IsDirectory).Select(i => i.Name)];

    public void Rename(string from, string to) => _root.Rename(from, to);

    public bool Delete(string path) => _root.DeleteFile(path);

    public void SyncDirectory(string path) => _root.Sync(path);

    public void Dispose() => _root.Dispose();

    private sealed class DiskFile(SafeFileHandle handle, string path) : IStoreFile
    {
        public long Length => RandomAccess.GetLength(handle);

        public int Read(Span<byte> destination, long offset) => FileReading.ReadFully(handle, destination, offset);

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            try
            {
                RandomAccess.Write(handle, data, offset);
            }
            catch (IOException e)
            {
                throw new StoreIoException($"Cannot write {data.Length} bytes to {path}: {e.Message}", BeneathDirectory.IsDiskFull(e), e);
            }
            catch (ArgumentOutOfRangeException e)
            {
                // What the runtime makes of EFBIG: the file system or a limit of the process lets the file grow no further.
                throw new StoreIoException($"Cannot write {data.Length} bytes to {path}: it may grow no further.", diskFull: true, e);
            }
        }

        public void Truncate(long length) => RandomAccess.SetLength(handle, length);

        public void Reserve(long length)
        {
            FileCalls.Reserve(handle, length);
            if (RandomAccess.GetLength(handle) < length) RandomAccess.SetLength(handle, length);
        }

        public void Sync()
        {
            try
            {
                RandomAccess.FlushToDisk(handle);
            }
            catch (IOException e)
            {
                throw new StoreIoException($"Cannot sync {path}: {e.Message}", BeneathDirectory.IsDiskFull(e), e);
            }
        }

        public void Dispose() => handle.Dispose();
    }
}
