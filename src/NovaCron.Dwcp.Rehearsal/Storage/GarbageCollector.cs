using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>
/// Follows owner references: deletes what has lost its last owner, finishes foreground and orphaning deletions, and empties what goes with
/// a namespace or a CustomResourceDefinition.
/// </summary>
public sealed class GarbageCollector(ClusterStore store)
{
    /// <summary>Works until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        long seen = 0;
        while (true)
        {
            var revision = store.Revision;
            var changes = store.ChangesAfter(seen);
            // Only these can leave something behind; anything else need not look at the whole cluster.
            if (seen == 0 || changes.Any(static c => c.Type == ClusterEventType.Deleted || c.Object.Document.IsDeleting()
                || c is { Type: ClusterEventType.Added, Object.Document: var d } && d.At("metadata.ownerReferences") is not null))
            {
                Sweep();
            }
            seen = revision;
            await store.WaitForChangeAsync(revision, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Sweep()
    {
        var all = store.FindAll(static _ => true);
        var uids = all.Select(static o => o.Document.Uid()).ToHashSet(StringComparer.Ordinal);
        var byOwner = all.SelectMany(static o => Owners(o).Select(r => (Owner: r.Text("uid") ?? "", Reference: r, Object: o)))
            .ToLookup(static d => d.Owner, StringComparer.Ordinal);
        foreach (var item in all)
        {
            if (Owners(item).ToList() is { Count: > 0 } owners && !owners.Any(r => uids.Contains(r.Text("uid") ?? "")) && !item.Document.IsDeleting())
            {
                Delete(item, DeletionPropagation.Background);
            }
            if (!item.Document.IsDeleting())
            {
                continue;
            }
            var finalizers = item.Document.At("metadata.finalizers").Texts().ToList();
            var dependents = byOwner[item.Document.Uid()].ToList();
            if (finalizers.Contains(Deletion.OrphanFinalizer))
            {
                Orphan(item, dependents.Select(static d => d.Object));
            }
            else if (finalizers.Contains(Deletion.ForegroundFinalizer))
            {
                DeleteDependents(item, dependents.Select(static d => (d.Reference, d.Object)).ToList());
            }
            if (item.Resource == ResourceTypes.Namespaces)
            {
                EmptyNamespace(item, all);
            }
        }
        foreach (var definition in all.Where(static o => o.Resource == ResourceTypes.CustomResourceDefinitions && o.Document.IsDeleting()))
        {
            EmptyDefinition(definition, all);
        }
    }

    private static IEnumerable<JsonObject> Owners(StoredObject item) => item.Document.At("metadata.ownerReferences").Objects();

    private void DeleteDependents(StoredObject owner, List<(JsonObject Reference, StoredObject Object)> dependents)
    {
        var blocked = false;
        foreach (var (reference, dependent) in dependents)
        {
            blocked |= reference.Boolean("blockOwnerDeletion") == true;
            if (!dependent.Document.IsDeleting())
            {
                Delete(dependent, DeletionPropagation.Foreground);
                blocked |= reference.Boolean("blockOwnerDeletion") == true;
            }
        }
        if (!blocked)
        {
            RemoveFinalizer(owner, Deletion.ForegroundFinalizer);
        }
    }

    private void Orphan(StoredObject owner, IEnumerable<StoredObject> dependents)
    {
        var uid = owner.Document.Uid();
        foreach (var dependent in dependents)
        {
            store.Modify(dependent.Resource, dependent.Namespace, dependent.Name, document =>
            {
                var kept = document.At("metadata.ownerReferences").Objects().Where(r => r.Text("uid") != uid).Select(static r => r.DeepClone()).ToArray();
                document.Metadata().Remove("ownerReferences");
                if (kept.Length > 0)
                {
                    document.Metadata()["ownerReferences"] = new JsonArray(kept);
                }
                return true;
            });
        }
        RemoveFinalizer(owner, Deletion.OrphanFinalizer);
    }

    private void EmptyNamespace(StoredObject ns, IReadOnlyList<StoredObject> all)
    {
        var content = all.Where(o => o.Namespace == ns.Name).ToList();
        foreach (var item in content.Where(static o => !o.Document.IsDeleting()))
        {
            Delete(item, DeletionPropagation.Background);
        }
        if (content.Count == 0)
        {
            store.Modify(ResourceTypes.Namespaces, null, ns.Name, static document => ((JsonObject)document["spec"]!).Remove("finalizers"));
        }
    }

    private void EmptyDefinition(StoredObject definition, IReadOnlyList<StoredObject> all)
    {
        var content = all.Where(o => o.Resource.IsCustom && o.Resource.QualifiedName == definition.Name).ToList();
        foreach (var item in content.Where(static o => !o.Document.IsDeleting()))
        {
            Delete(item, DeletionPropagation.Background);
        }
        if (content.Count == 0)
        {
            RemoveFinalizer(definition, CustomResourceLifecycle.CleanupFinalizer);
        }
    }

    private void Delete(StoredObject item, DeletionPropagation propagation)
    {
        try
        {
            store.Delete(item.Resource, item.Namespace, item.Name, new() { Propagation = propagation, Uid = item.Document.Uid() });
        }
        catch (ApiStatusException e) when (e.Reason is "NotFound" or "Conflict")
        {
            // It is gone, or another object has its name by now.
        }
    }

    private void RemoveFinalizer(StoredObject item, string finalizer) => store.Modify(item.Resource, item.Namespace, item.Name, document =>
    {
        var kept = document.At("metadata.finalizers").Texts().Where(f => f != finalizer).ToList();
        if (document.Uid() != item.Document.Uid() || kept.Count == document.At("metadata.finalizers").Texts().Count())
        {
            return false;
        }
        document.Metadata()["finalizers"] = new JsonArray([.. kept.Select(static f => (JsonNode)f)]);
        return true;
    });
}
