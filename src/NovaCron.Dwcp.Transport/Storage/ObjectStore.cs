using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using NovaCron.Dwcp.Transport.Files;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>
/// Objects and chunks on a directory that several processes may share, network file systems included (docs/format.md, "Store").
/// Everything belongs to a principal; nothing is shared between principals. Thread-safe.
/// </summary>
public sealed class ObjectStore : IAsyncDisposable
{
    private const string FormatFile = "format";
    private const string PrincipalsDirectory = "principals";
    private const int MaxEscapedName = 100;

    private readonly IStoreFiles _files;
    private readonly ConcurrentDictionary<string, Lazy<PrincipalStore>> _principals = new(StringComparer.Ordinal);

    private ObjectStore(string root, IStoreFiles files, ObjectStoreOptions options)
    {
        Root = root;
        _files = files;
        Options = options;
    }

    /// <summary>The directory.</summary>
    public string Root { get; }

    /// <summary>Sizes and times.</summary>
    public ObjectStoreOptions Options { get; }

    private static ReadOnlySpan<byte> FormatLine => "dwcp-store 1\n"u8;

    /// <summary>Opens the store, creating it in an empty or missing directory.</summary>
    /// <exception cref="DwcpTransferException">The directory cannot be used, or holds another version's store.</exception>
    public static ObjectStore Open(string root, ObjectStoreOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        DiskFiles? files = null;
        try
        {
            Directory.CreateDirectory(root);
            files = new DiskFiles(root);
            return Open(root, files, options ?? new ObjectStoreOptions());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            files?.Dispose();
            throw StorageFailure.From(e, $"be opened at {root}");
        }
    }

    internal static ObjectStore Open(string root, IStoreFiles files, ObjectStoreOptions options)
    {
        using (var format = files.OpenRead(FormatFile))
        {
            if (format is null)
            {
                WriteSmallFile(files, FormatFile, FormatLine);
            }
            else
            {
                var line = new byte[64];
                var length = format.Read(line, 0);
                if (!line.AsSpan(0, length).SequenceEqual(FormatLine))
                {
                    throw new DwcpTransferException(DwcpErrorCode.StorageFailed, DwcpFault.Server,
                        $"{root} holds '{Encoding.ASCII.GetString(line, 0, length).TrimEnd()}', which this version does not read. Use the version that wrote it, or another directory.");
                }
            }
        }

        files.CreateDirectory(PrincipalsDirectory);
        return new ObjectStore(root, files, options);
    }

    /// <summary>The principal's part of the store; loads its index at the first use.</summary>
    /// <exception cref="DwcpTransferException">The name is no principal's name, or the store cannot be read.</exception>
    public PrincipalStore OpenPrincipal(string name)
    {
        if (!PrincipalName.IsValid(name))
            throw new DwcpTransferException(DwcpErrorCode.InvalidRequest, DwcpFault.Client, $"'{name}' is no name of a principal: 1 to {PrincipalName.MaxLength} letters, digits and . _ - @ : / +");
        var principal = _principals.GetOrAdd(name, n => new Lazy<PrincipalStore>(() => Load(n)));
        try
        {
            return principal.Value;
        }
        catch
        {
            // Lazy remembers its failure; the next caller shall try again.
            _principals.TryRemove(KeyValuePair.Create(name, principal));
            throw;
        }
    }

    /// <summary>Writes, syncs and deletes a small file: proves that the store takes writes now.</summary>
    /// <exception cref="DwcpTransferException">It does not; the message says why.</exception>
    public Task ProbeAsync(CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            var name = $"probe-{Convert.ToHexString(RandomNumberGenerator.GetBytes(8)).ToLowerInvariant()}";
            try
            {
                using (var file = _files.Create(name))
                {
                    file.Write(FormatLine, 0);
                    file.Sync();
                }

                _files.Delete(name);
            }
            catch (IOException e)
            {
                throw StorageFailure.From(e, "take a write");
            }
        },
        cancellationToken);

    /// <summary>Announces dead packs and deletes those announced longer than the grace ago.</summary>
    /// <returns>Bytes deleted.</returns>
    public Task<long> ReclaimAsync(CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            var deleted = 0L;
            DwcpTransferException? failure = null;
            foreach (var principal in _principals.Values.Where(p => p.IsValueCreated))
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    deleted += principal.Value.Reclaim();
                }
                catch (DwcpTransferException e)
                {
                    failure ??= e; // told after the others had their turn
                }
            }

            return failure is null ? deleted : throw failure;
        },
        cancellationToken);

    /// <summary>Commits what is pending and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var principal in _principals.Values.Where(p => p.IsValueCreated)) await principal.Value.CloseAsync().ConfigureAwait(false);
        _principals.Clear();
        _files.Dispose();
    }

    /// <summary>The principal's directory: letters that every file system keeps apart, the rest escaped; long names by their hash.</summary>
    internal static string DirectoryOf(string principal)
    {
        var escaped = string.Concat(principal.Select(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_' ? c.ToString() : $"%{(int)c:x2}"));
        return escaped.Length <= MaxEscapedName ? escaped : $"~{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(principal))).ToLowerInvariant()}";
    }

    private static void WriteSmallFile(IStoreFiles files, string name, ReadOnlySpan<byte> contents)
    {
        var temporary = $"{name}.{Convert.ToHexString(RandomNumberGenerator.GetBytes(8)).ToLowerInvariant()}";
        using (var file = files.Create(temporary))
        {
            file.Write(contents, 0);
            file.Sync();
        }

        files.Rename(temporary, name);
        files.SyncDirectory("");
    }

    private PrincipalStore Load(string name)
    {
        var directory = $"{PrincipalsDirectory}/{DirectoryOf(name)}";
        try
        {
            _files.CreateDirectory(directory);
            return new PrincipalStore(name, _files, directory, Options);
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, $"open the part of principal '{name}'");
        }
    }
}
