namespace NovaCron.Dwcp.Rehearsal.Cluster;

/// <summary>The directory of one cluster. A temporary one goes with the cluster, or with the next cluster when this one was killed.</summary>
internal sealed class ClusterDirectory : IDisposable
{
    private const string Prefix = "dwcp-rehearsal-";
    private const string LockName = "cluster.lock";

    private readonly FileStream _lock;
    private readonly bool _isTemporary;

    private ClusterDirectory(string path, bool isTemporary)
    {
        Path = path;
        _isTemporary = isTemporary;
        System.IO.Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _lock = Lock(path);
    }

    public string Path { get; }

    /// <exception cref="RehearsalException">Another cluster uses the directory.</exception>
    public static ClusterDirectory Open(string? path)
    {
        if (path is not null)
        {
            try
            {
                return new ClusterDirectory(System.IO.Path.GetFullPath(path), isTemporary: false);
            }
            catch (IOException error)
            {
                throw new RehearsalException($"The directory '{path}' cannot be used, perhaps by another cluster: {error.Message}", error);
            }
        }
        RemoveAbandoned();
        return new ClusterDirectory(System.IO.Path.Combine(System.IO.Path.GetTempPath(), Prefix + Guid.NewGuid().ToString("n")[..12]), isTemporary: true);
    }

    public void Dispose()
    {
        // The lock is held meanwhile: what nobody holds is taken for abandoned.
        using (_lock)
        {
            if (_isTemporary)
            {
                System.IO.Directory.Delete(Path, recursive: true);
            }
            else
            {
                File.Delete(System.IO.Path.Combine(Path, LockName));
            }
        }
    }

    private static FileStream Lock(string path, FileMode mode = FileMode.OpenOrCreate) =>
        new(System.IO.Path.Combine(path, LockName), mode, FileAccess.ReadWrite, FileShare.None);

    private static void RemoveAbandoned()
    {
        foreach (var path in System.IO.Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            try
            {
                if (File.Exists(System.IO.Path.Combine(path, LockName)))
                {
                    Lock(path, FileMode.Open).Dispose();
                    System.IO.Directory.Delete(path, recursive: true);
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // In use, or another user's.
            }
        }
    }
}
