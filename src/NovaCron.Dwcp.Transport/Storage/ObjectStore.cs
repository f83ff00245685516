namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>
/// Objects and chunks on a directory that several processes may share, network file systems included (docs/format.md, "Store").
/// Everything belongs to a principal; nothing is shared between principals.
/// </summary>
public sealed class ObjectStore : IAsyncDisposable
{
    private ObjectStore(string root, ObjectStoreOptions options)
    {
        Root = root;
        Options = options;
    }

    /// <summary>The directory.</summary>
    public string Root { get; }

    /// <summary>Sizes and times.</summary>
    public ObjectStoreOptions Options { get; }

    /// <summary>Opens the store, creating it in an empty or missing directory.</summary>
    /// <exception cref="DwcpTransferException">The directory cannot be used, or holds something else.</exception>
    public static ObjectStore Open(string root, ObjectStoreOptions? options = null) => new(root, options ?? new());

    /// <summary>The principal's part of the store; loads its index at the first use.</summary>
    /// <exception cref="DwcpTransferException">The name is no principal's name, or the store cannot be read.</exception>
    public PrincipalStore OpenPrincipal(string name) => throw new NotImplementedException(name);

    /// <summary>Writes, syncs and deletes a small file: proves that the store takes writes now.</summary>
    /// <exception cref="DwcpTransferException">It does not; the message says why.</exception>
    public Task ProbeAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Announces dead packs and deletes those announced longer than the grace ago.</summary>
    /// <returns>Bytes deleted.</returns>
    public Task<long> ReclaimAsync(CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Commits what is pending and closes the files.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
