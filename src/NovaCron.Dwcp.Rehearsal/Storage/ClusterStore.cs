using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>
/// All objects of a rehearsal cluster, in memory, with the semantics of the Kubernetes API: one revision counter, optimistic
/// concurrency, watches that miss nothing, graceful deletion and finalizers. The API server and the controllers of this process
/// share one instance. Documents that go in are copied, documents that come out belong to the caller. Thread-safe.
/// </summary>
/// <remarks>
/// The store applies what every writer is subject to (identity, defaults, generation, deletion). Authorisation, admission policies and
/// validation belong to the API server in front of it: in-process writers are trusted.
/// </remarks>
public sealed class ClusterStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SortedDictionary<ObjectKey, StoredObject>> _objects = [];
    private readonly History _history;
    private readonly ServiceAddresses _addresses;
    private TaskCompletionSource _changed = NewSignal();
    private long _revision;

    /// <summary>Creates an empty store.</summary>
    public ClusterStore(ClusterStoreOptions? options = null)
    {
        Options = options ?? new();
        ArgumentOutOfRangeException.ThrowIfLessThan(Options.HistoryLimit, 1);
        _history = new(Options.HistoryLimit);
        _addresses = new(Options.ServiceAddressPrefix);
    }

    /// <summary>How this store behaves.</summary>
    public ClusterStoreOptions Options { get; }

    /// <summary>The served types.</summary>
    public ResourceTypeRegistry Types { get; } = new();

    /// <summary>Clock of the cluster.</summary>
    public TimeProvider Clock => Options.TimeProvider;

    /// <summary>The revision of the last change.</summary>
    public long Revision
    {
        get
        {
            lock (_gate)
            {
                return _revision;
            }
        }
    }

    /// <summary>The oldest revision from which a watch may start.</summary>
    public long OldestRevision
    {
        get
        {
            lock (_gate)
            {
                return _history.Floor;
            }
        }
    }

    /// <summary>A copy of an object, or <c>null</c> when there is none.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="ns">Its namespace; <c>null</c> or empty for cluster-wide types.</param>
    /// <param name="name">Its name.</param>
    public JsonObject? Get(ResourceType type, string? ns, string name) => Find(type, ns, name)?.Copy(type);

    /// <summary>The stored version of an object, shared and read only, or <c>null</c> when there is none.</summary>
    public StoredObject? Find(ResourceType type, string? ns, string name)
    {
        lock (_gate)
        {
            return FindLocked(type, ns, name);
        }
    }

    /// <summary>Copies of all objects of a type, ordered by namespace and name.</summary>
    /// <param name="type">Their type.</param>
    /// <param name="ns">Their namespace; <c>null</c> for all.</param>
    public IReadOnlyList<JsonObject> List(ResourceType type, string? ns = null) => [.. Snapshot(type, ns).Items.Select(i => i.Copy(type))];

    /// <summary>All objects of a type with the revision at which they were read; items are shared and read only.</summary>
    public ResourceList Snapshot(ResourceType type, string? ns = null)
    {
        lock (_gate)
        {
            IEnumerable<StoredObject> items = _objects.TryGetValue(type.StorageKey, out var all) ? all.Values : [];
            return new(_revision, [.. string.IsNullOrEmpty(ns) ? items : items.Where(i => i.Namespace == ns)]);
        }
    }

    /// <summary>Objects of every type whose controller-independent metadata satisfies <paramref name="predicate"/>; shared and read only.</summary>
    public IReadOnlyList<StoredObject> FindAll(Func<StoredObject, bool> predicate)
    {
        lock (_gate)
        {
            return [.. _objects.Values.SelectMany(static o => o.Values).Where(predicate)];
        }
    }

    /// <summary>Creates an object and returns it as stored. <c>metadata.generateName</c> is honoured.</summary>
    /// <exception cref="ApiStatusException">The name is taken (AlreadyExists), the namespace is missing (NotFound) or ending (Forbidden).</exception>
    public JsonObject Create(ResourceType type, JsonObject document, bool dryRun = false)
    {
        var created = (JsonObject)document.DeepClone();
        var stored = type;
        if (type == ResourceTypes.GroupedEvents)
        {
            (stored, created) = (ResourceTypes.Events, EventVersions.ToCore(created));
        }
        lock (_gate)
        {
            return CreateLocked(stored, created, dryRun).Copy(type);
        }
    }

    /// <summary>
    /// Replaces an object, except its status when the type has a status subresource. A <c>metadata.resourceVersion</c> in the document
    /// must be the current one; without it the write is unconditional.
    /// </summary>
    /// <exception cref="ApiStatusException">No such object (NotFound), or somebody else wrote in between (Conflict).</exception>
    public JsonObject Update(ResourceType type, JsonObject document, bool dryRun = false) => Replace(type, document, statusOnly: false, dryRun);

    /// <summary>Replaces the status of an object and nothing else; the same rules as <see cref="Update"/>.</summary>
    /// <exception cref="ApiStatusException">No such object (NotFound), or somebody else wrote in between (Conflict).</exception>
    public JsonObject UpdateStatus(ResourceType type, JsonObject document, bool dryRun = false) => Replace(type, document, statusOnly: true, dryRun);

    /// <summary>What a write of <paramref name="document"/> over <paramref name="live"/> would store; nothing is written.</summary>
    internal JsonObject Preview(ResourceType type, JsonObject document, JsonObject live, bool statusOnly)
    {
        var copy = (JsonObject)document.DeepClone();
        return statusOnly ? ObjectIdentity.WithStatusOf(live, copy) : ObjectIdentity.Merge(type, live, copy);
    }

    /// <summary>
    /// Reads, changes and writes an object, again and again until nobody interferes. Returns the stored object, or <c>null</c> when the
    /// object does not exist or <paramref name="change"/> returns <c>false</c> (nothing to do).
    /// </summary>
    /// <param name="type">Type of the object.</param>
    /// <param name="ns">Its namespace.</param>
    /// <param name="name">Its name.</param>
    /// <param name="change">Changes the document in place; may run several times.</param>
    /// <param name="status">Whether the status is written instead of the rest.</param>
    public JsonObject? Modify(ResourceType type, string? ns, string name, Func<JsonObject, bool> change, bool status = false)
    {
        while (true)
        {
            var document = Get(type, ns, name);
            if (document is null || !change(document))
            {
                return null;
            }
            try
            {
                return status ? UpdateStatus(type, document) : Update(type, document);
            }
            catch (ApiStatusException e) when (e.Reason == "Conflict")
            {
                // Somebody wrote in between: read again.
            }
            catch (ApiStatusException e) when (e.Reason == "NotFound")
            {
                return null;
            }
        }
    }

    /// <summary>
    /// Deletes an object. A pod that a kubelet runs, and any object with finalizers, is only marked (<c>deletionTimestamp</c>) and goes when the
    /// kubelet deletes it with a grace period of 0, or when the last finalizer is removed.
    /// </summary>
    /// <returns>The object: removed, or as it was marked.</returns>
    /// <exception cref="ApiStatusException">No such object (NotFound), or a precondition does not hold (Conflict).</exception>
    public JsonObject Delete(ResourceType type, string? ns, string name, DeleteRequest? request = null)
    {
        request ??= new();
        lock (_gate)
        {
            var stored = FindLocked(type, ns, name) ?? throw ApiStatusException.NotFound(type, name);
            CheckPreconditions(type, stored, request);
            var document = stored.Copy();
            var remains = Deletion.Mark(type, document, request, Clock.GetUtcNow());
            if (request.DryRun)
            {
                return stored.Copy(type);
            }
            if (!remains)
            {
                return RemoveLocked(stored, document).Copy(type);
            }
            return JsonNode.DeepEquals(document, stored.Document)
                ? stored.Copy(type)
                : CommitLocked(type, document, stored, ClusterEventType.Modified).Copy(type);
        }
    }

    /// <summary>
    /// Reports every change of a type after <paramref name="fromRevision"/>, in order and without gaps, until cancelled.
    /// </summary>
    /// <param name="type">What to watch.</param>
    /// <param name="ns">Namespace to watch; <c>null</c> for all.</param>
    /// <param name="fromRevision">
    /// Revision of the last change that the caller knows (<see cref="ResourceList.Revision"/>); <c>null</c> begins with an
    /// <see cref="ClusterEventType.Added"/> for every object that exists.
    /// </param>
    /// <param name="cancellationToken">Ends the watch with an <see cref="OperationCanceledException"/>.</param>
    /// <exception cref="ApiStatusException">The revision has left the history window (Expired, 410): list again.</exception>
    public async IAsyncEnumerable<ClusterEvent> Watch(
        ResourceType type, string? ns = null, long? fromRevision = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var cursor = fromRevision ?? 0;
        if (fromRevision is null)
        {
            var snapshot = Snapshot(type, ns);
            cursor = snapshot.Revision;
            foreach (var item in snapshot.Items)
            {
                yield return new(ClusterEventType.Added, type, item.Revision, item, null);
            }
        }
        while (true)
        {
            Task changed;
            List<ClusterEvent> batch = [];
            lock (_gate)
            {
                if (cursor < _history.Floor)
                {
                    throw ApiStatusException.Expired(cursor, _history.Floor);
                }
                foreach (var change in _history.After(cursor))
                {
                    if (change.Object.Resource.StorageKey == type.StorageKey && (string.IsNullOrEmpty(ns) || change.Object.Namespace == ns))
                    {
                        batch.Add(new(change.Type, type, change.Revision, change.Object, change.Previous));
                    }
                }
                cursor = Math.Max(cursor, _revision);
                changed = _changed.Task;
            }
            foreach (var item in batch)
            {
                yield return item;
            }
            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>All changes of all types after <paramref name="revision"/> that are still kept, for bookkeeping inside the cluster.</summary>
    internal IReadOnlyList<History.Change> ChangesAfter(long revision)
    {
        lock (_gate)
        {
            return [.. _history.After(revision)];
        }
    }

    /// <summary>Completes at the first change of anything after <paramref name="revision"/>.</summary>
    public Task WaitForChangeAsync(long revision, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return _revision > revision ? Task.CompletedTask : _changed.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Forgets the history of changes, so that every watch from an older revision meets 410 Gone.</summary>
    public void CompactHistory()
    {
        lock (_gate)
        {
            _history.Compact(_revision);
            Signal();
        }
    }

    private StoredObject CreateLocked(ResourceType type, JsonObject document, bool dryRun)
    {
        var now = Clock.GetUtcNow();
        ObjectIdentity.Prepare(type, document, now, name => FindLocked(type, document.Namespace(), name) is not null);
        var name = document.Name();
        RequireNamespace(type, document.Namespace(), name);
        if (FindLocked(type, document.Namespace(), name) is not null)
        {
            throw ApiStatusException.AlreadyExists(type, name);
        }
        PrepareContent(type, document, null);
        if (dryRun)
        {
            return new(type, document, _revision);
        }
        return CommitLocked(type, document, null, ClusterEventType.Added);
    }

    private JsonObject Replace(ResourceType type, JsonObject document, bool statusOnly, bool dryRun)
    {
        var incoming = (JsonObject)document.DeepClone();
        if (type == ResourceTypes.GroupedEvents)
        {
            return EventVersions.ToGrouped(Replace(ResourceTypes.Events, EventVersions.ToCore(incoming), statusOnly, dryRun));
        }
        lock (_gate)
        {
            var stored = FindLocked(type, incoming.Namespace(), incoming.Name()) ?? throw ApiStatusException.NotFound(type, incoming.Name());
            var asked = incoming.ResourceVersion();
            if (asked.Length > 0 && asked != stored.Document.ResourceVersion())
            {
                throw ApiStatusException.Modified(type, stored.Name);
            }
            var uid = incoming.Uid();
            if (uid.Length > 0 && uid != stored.Document.Uid())
            {
                throw ApiStatusException.Conflict(
                    type, stored.Name,
                    $"Precondition failed: UID in precondition: {uid}, UID in object meta: {stored.Document.Uid()}");
            }
            incoming = statusOnly ? ObjectIdentity.WithStatusOf(stored.Document, incoming) : ObjectIdentity.Merge(type, stored.Document, incoming);
            if (!statusOnly)
            {
                PrepareContent(type, incoming, stored.Document);
            }
            if (JsonNode.DeepEquals(incoming, stored.Document))
            {
                return stored.Copy(type);
            }
            if (dryRun)
            {
                return new StoredObject(type, incoming, stored.Revision).Copy(type);
            }
            return Deletion.IsOver(type, incoming)
                ? RemoveLocked(stored, incoming).Copy(type)
                : CommitLocked(type, incoming, stored, ClusterEventType.Modified).Copy(type);
        }
    }

    private void PrepareContent(ResourceType type, JsonObject document, JsonObject? old)
    {
        Defaults.Apply(type, document, old);
        if (type == ResourceTypes.CustomResourceDefinitions)
        {
            CustomResourceLifecycle.Complete(document, Clock.GetUtcNow());
        }
        if (type == ResourceTypes.Services)
        {
            _addresses.Assign(document, old, Snapshot(ResourceTypes.Services).Items);
        }
    }

    private StoredObject CommitLocked(ResourceType type, JsonObject document, StoredObject? previous, ClusterEventType change)
    {
        document.Metadata()["resourceVersion"] = (++_revision).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var stored = new StoredObject(type, document, _revision);
        if (!_objects.TryGetValue(type.StorageKey, out var all))
        {
            all = [];
            _objects.Add(type.StorageKey, all);
        }
        all[new(stored.Namespace, stored.Name)] = stored;
        Publish(new(change, _revision, stored, previous));
        return stored;
    }

    private StoredObject RemoveLocked(StoredObject stored, JsonObject lastState)
    {
        lastState.Metadata()["resourceVersion"] = (++_revision).ToString(System.Globalization.CultureInfo.InvariantCulture);
        _objects[stored.Resource.StorageKey].Remove(new(stored.Namespace, stored.Name));
        var removed = new StoredObject(stored.Resource, lastState, _revision);
        Publish(new(ClusterEventType.Deleted, _revision, removed, stored));
        return removed;
    }

    private void Publish(History.Change change)
    {
        _history.Append(change);
        if (change.Object.Resource == ResourceTypes.CustomResourceDefinitions)
        {
            Types.Rebuild(_objects[ResourceTypes.CustomResourceDefinitions.StorageKey].Values.Select(static d => d.Document));
        }
        Signal();
    }

    private void Signal()
    {
        var signal = _changed;
        _changed = NewSignal();
        signal.SetResult();
    }

    private StoredObject? FindLocked(ResourceType type, string? ns, string name) =>
        _objects.TryGetValue(type.StorageKey, out var all) ? all.GetValueOrDefault(new(type.Namespaced ? ns ?? "" : "", name)) : null;

    private void RequireNamespace(ResourceType type, string ns, string name)
    {
        if (!type.Namespaced)
        {
            return;
        }
        var owner = FindLocked(ResourceTypes.Namespaces, null, ns) ?? throw ApiStatusException.NotFound(ResourceTypes.Namespaces, ns);
        if (owner.Document.IsDeleting() && type != ResourceTypes.Events)
        {
            throw new ApiStatusException(
                403, "Forbidden",
                $"{type.QualifiedName} \"{name}\" is forbidden: unable to create new content in namespace {ns} because it is being terminated")
            {
                ObjectName = name, Group = type.Group, ObjectKind = type.Plural,
                Causes = [new("NamespaceTerminating", $"namespace {ns} is being terminated", "metadata.namespace")],
            };
        }
    }

    private static void CheckPreconditions(ResourceType type, StoredObject stored, DeleteRequest request)
    {
        var (uid, version) = (stored.Document.Uid(), stored.Document.ResourceVersion());
        if (request.Uid is { } askedUid && askedUid != uid)
        {
            throw ApiStatusException.Conflict(
                type, stored.Name, $"Precondition failed: UID in precondition: {askedUid}, UID in object meta: {uid}");
        }
        if (request.ResourceVersion is { } askedVersion && askedVersion != version)
        {
            throw ApiStatusException.Conflict(
                type, stored.Name,
                $"Precondition failed: ResourceVersion in precondition: {askedVersion}, ResourceVersion in object meta: {version}");
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly record struct ObjectKey(string Namespace, string Name) : IComparable<ObjectKey>
    {
        public int CompareTo(ObjectKey other)
        {
            var byNamespace = string.CompareOrdinal(Namespace, other.Namespace);
            return byNamespace != 0 ? byNamespace : string.CompareOrdinal(Name, other.Name);
        }
    }
}
