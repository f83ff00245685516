using System.Runtime.CompilerServices;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Watching without an end: what client-go's reflector does for a controller.</summary>
internal static class StoreWatching
{
    /// <summary>
    /// Every object of a type as it is, and every change from then on. When the history was lost (410), objects are reported again and those
    /// that vanished meanwhile as deleted.
    /// </summary>
    public static async IAsyncEnumerable<ClusterEvent> FollowAsync(
        this ClusterStore store, ResourceType type, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var known = new Dictionary<string, StoredObject>();
        while (true)
        {
            var snapshot = store.Snapshot(type);
            var present = snapshot.Items.ToDictionary(static item => item.Document.Uid());
            foreach (var (uid, gone) in known.Where(pair => !present.ContainsKey(pair.Key)).ToList())
            {
                known.Remove(uid);
                yield return new(ClusterEventType.Deleted, type, snapshot.Revision, gone, gone);
            }
            foreach (var item in snapshot.Items)
            {
                var previous = known.GetValueOrDefault(item.Document.Uid());
                known[item.Document.Uid()] = item;
                yield return new(previous is null ? ClusterEventType.Added : ClusterEventType.Modified, type, item.Revision, item, previous);
            }
            await using var changes = store.Watch(type, null, snapshot.Revision, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (await MoveNextAsync(changes).ConfigureAwait(false))
            {
                var change = changes.Current;
                if (change.Stored is not { } stored)
                {
                    continue;
                }
                if (change.Type == ClusterEventType.Deleted)
                {
                    known.Remove(stored.Document.Uid());
                }
                else
                {
                    known[stored.Document.Uid()] = stored;
                }
                yield return change;
            }
        }
    }

    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<ClusterEvent> changes)
    {
        try
        {
            return await changes.MoveNextAsync().ConfigureAwait(false);
        }
        catch (ApiStatusException error) when (error.Reason == "Expired")
        {
            return false;
        }
    }
}
