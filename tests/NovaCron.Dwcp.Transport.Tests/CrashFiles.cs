using NovaCron.Dwcp.Transport.Files;

namespace NovaCron.Dwcp.Transport.Tests;

/// <summary>
/// A file system in memory that knows what was synced. <see cref="Crash"/> gives what a machine finds after a power cut: synced contents and names for certain, of the
/// rest whatever the seed pleases, torn anywhere.
/// </summary>
internal sealed class CrashFiles : IStoreFiles
{
    private readonly object _gate = new();
    private readonly Dictionary<string, Node> _names = [];
    private readonly Dictionary<string, Node> _durableNames = [];
    private readonly HashSet<string> _directories = [""];
    private long _used;

    /// <summary>Operations left before the power goes; negative for never.</summary>
    public int OperationsLeft { get; set; } = -1;

    /// <summary>Bytes that fit.</summary>
    public long Capacity { get; set; } = long.MaxValue;

    public int Syncs { get; private set; }

    public CrashFiles Crash(Random random)
    {
        lock (_gate)
        {
            var after = new CrashFiles();
            after._directories.UnionWith(_directories);
            foreach (var (name, node) in _durableNames) after.Keep(name, node.Survive(random));
            // A name that was not synced may be there all the same.
            foreach (var (name, node) in _names)
            {
                if (!after._names.ContainsKey(name) && random.Next(2) == 0) after.Keep(name, node.Survive(random));
            }

            return after;
        }
    }

    /// <summary>Flips one bit of a file.</summary>
    public void Flip(Func<string, bool> which, int position)
    {
        lock (_gate)
        {
            var node = _names.First(n => which(n.Key)).Value;
            node.Current[position] ^= 1;
        }
    }

    public IStoreFile Create(string path)
    {
        lock (_gate)
        {
            Step();
            if (_names.ContainsKey(path)) throw new StoreIoException($"{path} exists.", diskFull: false);
            var node = new Node();
            _names.Add(path, node);
            return new OpenFile(this, node);
        }
    }

    public IStoreFile? OpenRead(string path)
    {
        lock (_gate) return _names.TryGetValue(path, out var node) ? new OpenFile(this, node) : null;
    }

    public IStoreFile? OpenWrite(string path) => OpenRead(path);

    public bool Exists(string path)
    {
        lock (_gate) return _names.ContainsKey(path);
    }

    public bool Touch(string path)
    {
        lock (_gate)
        {
            if (!_names.TryGetValue(path, out var node)) return false;
            node.ModifiedAt = DateTimeOffset.UtcNow;
            return true;
        }
    }

    public void CreateDirectory(string path)
    {
        lock (_gate)
        {
            Step();
            for (var end = path.Length; end > 0; end = path.LastIndexOf('/', end - 1)) _directories.Add(path[..end]);
        }
    }

    public IReadOnlyList<StoreFileInfo> ListFiles(string directory)
    {
        lock (_gate) return [.. _names.Where(n => Parent(n.Key) == directory).Select(n => new StoreFileInfo(n.Key[(directory.Length + 1)..], n.Value.Current.Length, n.Value.ModifiedAt))];
    }

    public IReadOnlyList<string> ListDirectories(string directory)
    {
        lock (_gate) return [.. _directories.Where(d => d.Length > 0 && Parent(d) == directory).Select(d => d[(directory.Length == 0 ? 0 : directory.Length + 1)..])];
    }

    public void Rename(string from, string to)
    {
        lock (_gate)
        {
            Step();
            if (!_names.Remove(from, out var node)) throw new StoreIoException($"{from} is missing.", diskFull: false);
            _names[to] = node;
        }
    }

    public bool Delete(string path)
    {
        lock (_gate)
        {
            Step();
            return _names.Remove(path);
        }
    }

    public void SyncDirectory(string path)
    {
        lock (_gate)
        {
            Step();
            Syncs++;
            foreach (var name in _durableNames.Keys.Where(n => Parent(n) == path && !_names.ContainsKey(n)).ToArray()) _durableNames.Remove(name);
            foreach (var (name, node) in _names.Where(n => Parent(n.Key) == path)) _durableNames[name] = node;
        }
    }

    public void Dispose()
    {
    }

    private static string Parent(string path) => path.LastIndexOf('/') is var slash and >= 0 ? path[..slash] : "";

    private void Keep(string name, Node node)
    {
        _names[name] = node;
        _durableNames[name] = node;
    }

    private void Step()
    {
        if (OperationsLeft == 0) throw new StoreIoException("The power is gone.", diskFull: false);
        if (OperationsLeft > 0) OperationsLeft--;
    }

    private sealed class Node
    {
        public byte[] Current { get; set; } = [];

        public byte[] Synced { get; set; } = [];

        public DateTimeOffset ModifiedAt { get; set; } = DateTimeOffset.UtcNow;

        public Node Survive(Random random)
        {
            // What was not synced: a part of it may be there, and its last page may be rubbish.
            var kept = Synced.Length + random.Next(Math.Max(0, Current.Length - Synced.Length) + 1);
            var bytes = Current.AsSpan(0, Math.Min(kept, Current.Length)).ToArray();
            Synced.AsSpan(0, Math.Min(Synced.Length, bytes.Length)).CopyTo(bytes);
            if (bytes.Length < Synced.Length) bytes = [.. Synced];
            if (bytes.Length > Synced.Length && random.Next(2) == 0) random.NextBytes(bytes.AsSpan(Synced.Length));
            return new Node { Current = bytes, Synced = [.. bytes], ModifiedAt = ModifiedAt };
        }
    }

    private sealed class OpenFile(CrashFiles files, Node node) : IStoreFile
    {
        public long Length
        {
            get
            {
                lock (files._gate) return node.Current.Length;
            }
        }

        public int Read(Span<byte> destination, long offset)
        {
            lock (files._gate)
            {
                if (offset >= node.Current.Length) return 0;
                var count = (int)Math.Min(destination.Length, node.Current.Length - offset);
                node.Current.AsSpan((int)offset, count).CopyTo(destination);
                return count;
            }
        }

        public void Write(ReadOnlySpan<byte> data, long offset)
        {
            lock (files._gate)
            {
                files.Step();
                var grown = Math.Max(0, offset + data.Length - node.Current.Length);
                if (files._used + grown > files.Capacity) throw new StoreIoException("No space left.", diskFull: true);
                files._used += grown;
                var bytes = node.Current;
                if (grown > 0) Array.Resize(ref bytes, (int)(offset + data.Length));
                data.CopyTo(bytes.AsSpan((int)offset));
                node.Current = bytes;
                node.ModifiedAt = DateTimeOffset.UtcNow;
            }
        }

        public void Truncate(long length)
        {
            lock (files._gate)
            {
                files.Step();
                files._used -= Math.Max(0, node.Current.Length - length);
                node.Current = node.Current.AsSpan(0, (int)length).ToArray();
            }
        }

        public void Reserve(long length)
        {
            if (length > Length) Write(new byte[length - Length], Length);
        }

        public void Sync()
        {
            lock (files._gate)
            {
                files.Step();
                files.Syncs++;
                node.Synced = [.. node.Current];
            }
        }

        public void Dispose()
        {
        }
    }
}
