namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>The last changes of the cluster, by revision. Guarded by the store's lock.</summary>
internal sealed class History(int limit)
{
    private readonly Queue<Change> _changes = new();

    /// <summary>The last revision before the oldest change that is still kept: the oldest start of a watch.</summary>
    public long Floor { get; private set; }

    public void Append(Change change)
    {
        _changes.Enqueue(change);
        while (_changes.Count > limit)
        {
            Floor = _changes.Dequeue().Revision;
        }
    }

    /// <summary>Forgets every change up to the present, as the compaction of the real store does.</summary>
    public void Compact(long revision)
    {
        _changes.Clear();
        Floor = revision;
    }

    /// <summary>The changes after <paramref name="revision"/>. Every change has a revision of its own, without gaps.</summary>
    public IEnumerable<Change> After(long revision) => _changes.Skip((int)Math.Clamp(revision - Floor, 0, _changes.Count));

    internal readonly record struct Change(ClusterEventType Type, long Revision, StoredObject Object, StoredObject? Previous);
}
