using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>
/// A loop that brings the world to what objects ask for. <see cref="Reconcile"/> reads everything it needs from the store, changes one thing or
/// several, and may be cut off anywhere: the next run finds what is left to do. There is one run at a time.
/// </summary>
internal abstract class Controller(ClusterStore store, ClusterJournal journal) : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(10);

    private readonly WorkQueue _queue = new(store.Clock);
    private readonly Dictionary<ObjectKey, TimeSpan> _retries = [];
    private readonly CancellationTokenSource _stopped = new();
    private readonly List<Task> _tasks = [];

    protected ClusterStore Store => store;

    protected DateTimeOffset Now => store.Clock.GetUtcNow();

    /// <summary>Begins to watch and to reconcile.</summary>
    public void Start()
    {
        Watch();
        _tasks.Add(Task.Run(RunAsync));
    }

    public virtual async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_tasks).ConfigureAwait(false);
        _stopped.Dispose();
    }

    /// <summary>Calls <see cref="Watch(ResourceType, Func{ClusterEvent, IEnumerable{ObjectKey}})"/> for what concerns the controller.</summary>
    protected abstract void Watch();

    /// <summary>Reconciles one object, which may be gone; returns when to look again even if nothing changes, or null.</summary>
    protected abstract TimeSpan? Reconcile(ObjectKey key);

    /// <summary>Reconciles an object whenever it changes.</summary>
    protected void Watch(ResourceType type) => Watch(type, static change => [new(change.Stored!.Namespace, change.Stored.Name)]);

    /// <summary>Reconciles the objects that a change of another one concerns.</summary>
    protected void Watch(ResourceType type, Func<ClusterEvent, IEnumerable<ObjectKey>> concerned) => _tasks.Add(Task.Run(async () =>
    {
        try
        {
            await foreach (var change in store.FollowAsync(type, _stopped.Token).ConfigureAwait(false))
            {
                foreach (var key in concerned(change))
                {
                    _queue.Add(key);
                }
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The cluster stops.
        }
    }));

    /// <summary>The controller of an object, if it is of this kind: the key of a change's concern.</summary>
    protected static IEnumerable<ObjectKey> ControllerOf(ClusterEvent change, string kind) =>
        new[] { change.Stored?.Document, change.Previous?.Document }.OfType<JsonObject>()
            .Select(document => (Document: document, Owner: document.ControllerReference()))
            .Where(pair => pair.Owner?.Text("kind") == kind)
            .Select(static pair => new ObjectKey(pair.Document.Namespace(), pair.Owner!.Text("name") ?? ""))
            .Distinct();

    /// <summary>All objects of a type in the namespace of a change.</summary>
    protected IEnumerable<ObjectKey> AllIn(ClusterEvent change, ResourceType type) =>
        store.Snapshot(type, change.Stored!.Namespace).Items.Select(static item => new ObjectKey(item.Namespace, item.Name));

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var key = await _queue.TakeAsync(_stopped.Token).ConfigureAwait(false);
                ReconcileOrRetry(key);
            }
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            // The cluster stops.
        }
    }

    // A controller outlives any single failure: it is written down, and the object is tried again, less and less often.
    private void ReconcileOrRetry(ObjectKey key)
    {
        try
        {
            if (Reconcile(key) is { } later)
            {
                _queue.Add(key, later);
            }
            _retries.Remove(key);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            var delay = _retries.TryGetValue(key, out var last) ? last * 2 : FirstRetry;
            _retries[key] = delay > LongestRetry ? LongestRetry : delay;
            if (error is not ApiStatusException { Reason: "Conflict" })
            {
                journal.Write(GetType().Name, $"{key.Namespace}/{key.Name}: {(error is ApiStatusException ? error.Message : error)}");
            }
            _queue.Add(key, _retries[key]);
        }
    }
}
