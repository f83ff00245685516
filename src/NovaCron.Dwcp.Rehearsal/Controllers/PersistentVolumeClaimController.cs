using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>Binds claims to volumes: each is a directory of this machine, which every pod may share whatever its access modes.</summary>
/// <param name="store">The cluster's objects.</param>
/// <param name="journal">Where failures are written down.</param>
/// <param name="directory">The directories of volumes are folders of it.</param>
internal sealed class PersistentVolumeClaimController(ClusterStore store, ClusterJournal journal, string directory) : Controller(store, journal)
{
    /// <summary>The class of the storage that the cluster offers, and its default.</summary>
    public const string StorageClass = "rehearsal";

    private const string Protection = "kubernetes.io/pvc-protection";
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    private readonly EventRecorder _events = new(store, "persistentvolume-controller");

    protected override void Watch()
    {
        Watch(ResourceTypes.PersistentVolumeClaims);
        Watch(ResourceTypes.StorageClasses, _ => Store.Snapshot(ResourceTypes.PersistentVolumeClaims).Items.Select(static c => new ObjectKey(c.Namespace, c.Name)));
    }

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var claim = Store.Get(ResourceTypes.PersistentVolumeClaims, key.Namespace, key.Name);
        if (claim is null)
        {
            RemoveVolumesOf(key);
            return null;
        }
        if (claim.IsDeleting())
        {
            // A claim in use stays until its last pod is gone.
            if (Store.Snapshot(ResourceTypes.Pods, key.Namespace).Items.Any(pod => pod.Document.At("spec.volumes").Objects()
                .Any(v => v.TextAt("persistentVolumeClaim.claimName") == key.Name)))
            {
                return Retry;
            }
            Store.Modify(ResourceTypes.PersistentVolumeClaims, key.Namespace, key.Name, c => Remove(c.Metadata()["finalizers"] as JsonArray, Protection));
            return null;
        }
        return claim.TextAt("status.phase") == "Bound" ? null : Bind(claim);
    }

    private static bool Remove(JsonArray? finalizers, string finalizer) =>
        finalizers?.FirstOrDefault(f => f?.ToString() == finalizer) is { } found && finalizers.Remove(found);

    private TimeSpan? Bind(JsonObject claim)
    {
        var wanted = claim.TextAt("spec.storageClassName");
        var storage = wanted is null ? DefaultClass() : Store.Get(ResourceTypes.StorageClasses, null, wanted);
        if (storage is null)
        {
            if (wanted is null)
            {
                _events.Normal(claim, "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
            }
            else
            {
                _events.Warning(claim, "ProvisioningFailed", $"storageclass.storage.k8s.io \"{wanted}\" not found");
            }
            Store.Modify(ResourceTypes.PersistentVolumeClaims, claim.Namespace(), claim.Name(), static c => SetPhase(c, "Pending"), status: true);
            return null;
        }
        var volume = "pvc-" + claim.Uid();
        var capacity = claim.At("spec.resources.requests.storage")?.ToString() ?? "0";
        Directory.CreateDirectory(Path.Combine(directory, volume));
        if (Store.Find(ResourceTypes.PersistentVolumes, null, volume) is null)
        {
            Store.Create(ResourceTypes.PersistentVolumes, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "PersistentVolume",
                ["metadata"] = new JsonObject { ["name"] = volume },
                ["spec"] = new JsonObject
                {
                    ["capacity"] = new JsonObject { ["storage"] = capacity },
                    ["accessModes"] = claim.At("spec.accessModes")?.DeepClone(),
                    ["persistentVolumeReclaimPolicy"] = "Delete",
                    ["storageClassName"] = storage.Name(),
                    ["volumeMode"] = "Filesystem",
                    ["claimRef"] = new JsonObject
                    {
                        ["apiVersion"] = "v1", ["kind"] = "PersistentVolumeClaim", ["namespace"] = claim.Namespace(), ["name"] = claim.Name(), ["uid"] = claim.Uid(),
                    },
                    ["hostPath"] = new JsonObject { ["path"] = Path.Combine(directory, volume), ["type"] = "DirectoryOrCreate" },
                },
            });
            Store.Modify(ResourceTypes.PersistentVolumes, null, volume, static v => SetPhase(v, "Bound"), status: true);
        }
        Store.Modify(ResourceTypes.PersistentVolumeClaims, claim.Namespace(), claim.Name(), c =>
        {
            var spec = c.Child("spec");
            spec["volumeName"] = volume;
            spec["storageClassName"] = storage.Name();
            spec["volumeMode"] ??= "Filesystem";
            var finalizers = c.Metadata()["finalizers"] as JsonArray ?? [];
            c.Metadata()["finalizers"] = finalizers;
            if (!finalizers.Texts().Contains(Protection))
            {
                finalizers.Add(Protection);
            }
            return true;
        });
        Store.Modify(ResourceTypes.PersistentVolumeClaims, claim.Namespace(), claim.Name(), c =>
        {
            var status = c.Child("status");
            status["phase"] = "Bound";
            status["accessModes"] = c.At("spec.accessModes")?.DeepClone();
            status["capacity"] = new JsonObject { ["storage"] = capacity };
            return true;
        }, status: true);
        _events.Normal(claim, "ProvisioningSucceeded", $"Successfully provisioned volume {volume}");
        return null;
    }

    private static bool SetPhase(JsonObject document, string phase)
    {
        if (document.TextAt("status.phase") == phase)
        {
            return false;
        }
        document.Child("status")["phase"] = phase;
        return true;
    }

    private JsonObject? DefaultClass() => Store.List(ResourceTypes.StorageClasses)
        .FirstOrDefault(static c => c.Annotation("storageclass.kubernetes.io/is-default-class") == "true");

    private void RemoveVolumesOf(ObjectKey key)
    {
        foreach (var volume in Store.List(ResourceTypes.PersistentVolumes).Where(v =>
            v.TextAt("spec.claimRef.namespace") == key.Namespace && v.TextAt("spec.claimRef.name") == key.Name))
        {
            Store.Delete(ResourceTypes.PersistentVolumes, null, volume.Name());
            var path = Path.Combine(directory, volume.Name());
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
    }
}
