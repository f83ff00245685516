using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace NovaCron.Dwcp.Transport.Objects;

/// <summary>
/// The rules that hold between the entries of one object: a parent directory comes before what is in it, no two names differ in case only, a root that is not a
/// directory stands alone. Keeps 16 bytes for each path, not the path.
/// </summary>
public sealed class EntryRules
{
    // A seed that nobody outside knows: collisions cannot be prepared.
    private readonly long _seed = MemoryMarshal.Read<long>(RandomNumberGenerator.GetBytes(sizeof(long)));
    private readonly HashSet<UInt128> _names = [];
    private readonly HashSet<UInt128> _directories = [];
    private readonly int _maximumEntries;
    private bool _alone;

    /// <param name="maximumEntries">Most entries of the object.</param>
    public EntryRules(int maximumEntries) => _maximumEntries = maximumEntries;

    /// <summary>Entries so far.</summary>
    public int Count => _names.Count;

    /// <summary>Admits the next entry.</summary>
    /// <exception cref="DwcpProtocolException">It breaks a rule.</exception>
    public void Admit(EntryHeader entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (_names.Count >= _maximumEntries)
            throw new DwcpProtocolException(DwcpErrorCode.LimitExceeded, $"The object has more than {_maximumEntries} entries. Send it as several objects.");
        var first = _names.Count == 0;
        if (first != entry.Path.IsRoot)
            throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, first ? "The first entry of an object must be its root." : "An object has two roots.");
        if (_alone) throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, $"'{entry.Path}' follows a root that is not a directory.");
        if (!first && !_directories.Contains(KeyOf(entry.Path.Parent.Text)))
            throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, $"'{entry.Path}' comes before its directory, or its parent is not a directory.");
        if (!_names.Add(KeyOf(entry.Path.Text.ToUpperInvariant())))
            throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, $"'{entry.Path}' is there twice, or collides with a name that differs in case only. Rename one of them.");
        if (entry.Kind == EntryKind.Directory) _directories.Add(KeyOf(entry.Path.Text));
        else if (first) _alone = true;
    }

    private UInt128 KeyOf(string text) => XxHash128.HashToUInt128(MemoryMarshal.AsBytes(text.AsSpan()), _seed);
}
