namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>One principal's objects and chunks. Thread-safe.</summary>
public sealed class PrincipalStore
{
    internal PrincipalStore(string name) => Name = name;

    /// <summary>The principal.</summary>
    public string Name { get; }

    /// <summary>Expanded bytes of the committed objects.</summary>
    public long UsedBytes => 0;

    /// <summary>The objects whose path begins with <paramref name="prefix"/>, ordered by path.</summary>
    public IReadOnlyList<StoredObject> List(string prefix = "") => throw new NotImplementedException(prefix);

    /// <summary>The object at a path, or null.</summary>
    public StoredObject? Find(string path) => throw new NotImplementedException(path);

    /// <summary>Removes an object; its chunks stay until they are reclaimed.</summary>
    /// <returns>False when there was none.</returns>
    public bool Delete(string path) => throw new NotImplementedException(path);
}
