using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>
/// Rolls Deployments out through ReplicaSets, one per pod template. Rules, annotations, reasons and messages are those of the controller in
/// kube-controller-manager, because <c>kubectl rollout</c> and operators read them.
/// </summary>
internal sealed class DeploymentController(ClusterStore store, ClusterJournal journal) : Controller(store, journal)
{
    private const string HashLabel = "pod-template-hash";
    private const string RevisionAnnotation = "deployment.kubernetes.io/revision";
    private const string DesiredAnnotation = "deployment.kubernetes.io/desired-replicas";
    private const string MaxAnnotation = "deployment.kubernetes.io/max-replicas";
    private const int DefaultHistory = 10;
    private const int DefaultProgressSeconds = 600;

    private readonly EventRecorder _events = new(store, "deployment-controller");

    protected override void Watch()
    {
        Watch(ResourceTypes.Deployments);
        Watch(ResourceTypes.ReplicaSets, change => ControllerOf(change, "Deployment"));
        // Recreate waits for the last old pod, which its ReplicaSet no longer counts once it terminates.
        Watch(ResourceTypes.Pods, change => change.Type == ClusterEventType.Deleted
            ? AllIn(change, ResourceTypes.Deployments).Where(key => Store.Find(ResourceTypes.Deployments, key.Namespace, key.Name) is { } d
                && d.Document.TextAt("spec.strategy.type") == "Recreate")
            : []);
    }

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var deployment = Store.Get(ResourceTypes.Deployments, key.Namespace, key.Name);
        if (deployment is null)
        {
            return null;
        }
        var sets = Sets(deployment);
        if (!deployment.IsDeleting())
        {
            if (deployment.At("spec.paused") is JsonValue paused && paused.GetValue<bool>())
            {
                ScaleInProportion(deployment, Current(deployment, sets), sets);
            }
            else
            {
                Roll(deployment, sets);
            }
        }
        return WriteStatus(deployment);
    }

    private List<JsonObject> Sets(JsonObject deployment) => [.. Store.List(ResourceTypes.ReplicaSets, deployment.Namespace())
        .Where(set => set.IsControlledBy(deployment)).OrderBy(static set => set.TextAt("metadata.creationTimestamp"), StringComparer.Ordinal)
        .ThenBy(static set => set.Name(), StringComparer.Ordinal)];

    private static JsonObject? Current(JsonObject deployment, List<JsonObject> sets) =>
        sets.FirstOrDefault(set => JsonNode.DeepEquals(WithoutHash(set.At("spec.template")), WithoutHash(deployment.At("spec.template"))));

    private void Roll(JsonObject deployment, List<JsonObject> sets)
    {
        var current = Current(deployment, sets);
        if (current is not null && IsScaled(deployment, sets))
        {
            // The size was changed in the middle of a rollout: old and new grow or shrink alike, then the rollout goes on.
            ScaleInProportion(deployment, current, sets);
            return;
        }
        var old = sets.Where(set => set != current).ToList();
        if (deployment.TextAt("spec.strategy.type") == "Recreate")
        {
            foreach (var set in old.Where(static set => Wanted(set) > 0))
            {
                Scale(deployment, set, 0);
            }
            if (old.Sum(Wanted) > 0 || OldPodsRemain(deployment, old))
            {
                return;
            }
            Scale(deployment, EnsureCurrent(deployment, current, sets), Replicas(deployment));
        }
        else
        {
            current = EnsureCurrent(deployment, current, sets);
            GrowCurrent(deployment, current, old);
            ShrinkOld(deployment, current, old);
        }
        CleanUp(deployment, old);
    }

    private bool OldPodsRemain(JsonObject deployment, List<JsonObject> old) => Store.Snapshot(ResourceTypes.Pods, deployment.Namespace()).Items
        .Any(pod => old.Any(set => pod.Document.IsControlledBy(set)) && pod.Document.TextAt("status.phase") is not ("Succeeded" or "Failed"));

    private JsonObject EnsureCurrent(JsonObject deployment, JsonObject? current, List<JsonObject> sets)
    {
        var revision = sets.Where(set => set != current).Select(Revision).DefaultIfEmpty(0).Max() + 1;
        if (current is null)
        {
            current = CreateSet(deployment, revision);
            Progress(deployment, "NewReplicaSetCreated", $"Created new replica set \"{current.Name()}\"");
        }
        else if (Revision(current) < revision)
        {
            current = Store.Modify(ResourceTypes.ReplicaSets, current.Namespace(), current.Name(), set =>
            {
                CopyAnnotations(deployment, set);
                set.Annotate(RevisionAnnotation, revision.ToString(CultureInfo.InvariantCulture));
                return true;
            }) ?? current;
            Progress(deployment, "FoundNewReplicaSet", $"Found new replica set \"{current.Name()}\"");
        }
        var text = Math.Max(revision, Revision(current)).ToString(CultureInfo.InvariantCulture);
        if (deployment.Annotation(RevisionAnnotation) != text)
        {
            Store.Modify(ResourceTypes.Deployments, deployment.Namespace(), deployment.Name(), d =>
            {
                d.Annotate(RevisionAnnotation, text);
                return true;
            });
        }
        return current;
    }

    private JsonObject CreateSet(JsonObject deployment, long revision)
    {
        for (var collisions = deployment.Number("status.collisionCount"); ; collisions++)
        {
            var hash = Hash(deployment, collisions);
            var template = (JsonObject)deployment.At("spec.template")!.DeepClone();
            template.Metadata().Child("labels")[HashLabel] = hash;
            var selector = (JsonObject)deployment.At("spec.selector")!.DeepClone();
            selector.Child("matchLabels")[HashLabel] = hash;
            var set = new JsonObject
            {
                ["apiVersion"] = "apps/v1",
                ["kind"] = "ReplicaSet",
                ["metadata"] = new JsonObject
                {
                    ["name"] = $"{deployment.Name()}-{hash}",
                    ["namespace"] = deployment.Namespace(),
                    ["labels"] = template.At("metadata.labels")!.DeepClone(),
                    ["ownerReferences"] = new JsonArray(ObjectReading.ControllerReferenceTo(deployment)),
                },
                ["spec"] = new JsonObject
                {
                    ["replicas"] = 0,
                    ["selector"] = selector,
                    ["template"] = template,
                    ["minReadySeconds"] = deployment.Number("spec.minReadySeconds"),
                },
            };
            CopyAnnotations(deployment, set);
            set.Annotate(RevisionAnnotation, revision.ToString(CultureInfo.InvariantCulture));
            set.Annotate(DesiredAnnotation, Replicas(deployment).ToString(CultureInfo.InvariantCulture));
            set.Annotate(MaxAnnotation, (Replicas(deployment) + MaxSurge(deployment)).ToString(CultureInfo.InvariantCulture));
            try
            {
                return Store.Create(ResourceTypes.ReplicaSets, set);
            }
            catch (ApiStatusException error) when (error.Reason == "AlreadyExists")
            {
                // Another template with the same hash: count it and hash again.
                Store.Modify(ResourceTypes.Deployments, deployment.Namespace(), deployment.Name(), d =>
                {
                    d.Child("status")["collisionCount"] = collisions + 1;
                    return true;
                }, status: true);
            }
        }
    }

    private void GrowCurrent(JsonObject deployment, JsonObject current, List<JsonObject> old)
    {
        var wanted = Replicas(deployment);
        if (Wanted(current) >= wanted)
        {
            Scale(deployment, current, wanted);
            return;
        }
        // Pods that an old set was told to remove count until they are on their way.
        var room = wanted + MaxSurge(deployment) - old.Append(current).Sum(static set => Math.Max(Wanted(set), set.Number("status.replicas")));
        if (room > 0)
        {
            Scale(deployment, current, Wanted(current) + Math.Min(room, wanted - Wanted(current)));
        }
    }

    private void ShrinkOld(JsonObject deployment, JsonObject current, List<JsonObject> old)
    {
        current = Store.Get(ResourceTypes.ReplicaSets, current.Namespace(), current.Name()) ?? current;
        var live = old.Where(static set => Wanted(set) > 0).ToList();
        if (live.Count == 0)
        {
            return;
        }
        var fewest = Replicas(deployment) - MaxUnavailable(deployment);
        var unavailableNew = Wanted(current) - current.Number("status.availableReplicas");
        var removable = live.Append(current).Sum(Wanted) - fewest - unavailableNew;
        if (removable <= 0)
        {
            return;
        }

        // Old pods that do not serve anyway go first.
        for (var i = 0; i < live.Count && removable > 0; i++)
        {
            var idle = Math.Min(removable, Wanted(live[i]) - live[i].Number("status.availableReplicas"));
            if (idle > 0)
            {
                live[i] = Scale(deployment, live[i], Wanted(live[i]) - idle);
                removable -= idle;
            }
        }
        var available = live.Append(current).Sum(static set => set.Number("status.availableReplicas"));
        removable = available - fewest;
        foreach (var set in live.Where(static set => Wanted(set) > 0))
        {
            if (removable <= 0)
            {
                return;
            }
            var share = Math.Min(Wanted(set), removable);
            Scale(deployment, set, Wanted(set) - share);
            removable -= share;
        }
    }

    private static bool IsScaled(JsonObject deployment, List<JsonObject> sets) => sets.Any(set => Wanted(set) > 0
        && set.Annotation(DesiredAnnotation) is { } desired && desired != Replicas(deployment).ToString(CultureInfo.InvariantCulture));

    private void ScaleInProportion(JsonObject deployment, JsonObject? current, List<JsonObject> sets)
    {
        var wanted = Replicas(deployment);
        var live = sets.Where(static set => Wanted(set) > 0).OrderByDescending(Wanted).ToList();
        if (live.Count <= 1)
        {
            if ((live.FirstOrDefault() ?? current ?? sets.LastOrDefault()) is { } only)
            {
                Scale(deployment, only, wanted);
            }
            return;
        }
        if (current is not null && Wanted(current) == wanted && current.Number("status.availableReplicas") == wanted)
        {
            foreach (var set in live.Where(set => set != current))
            {
                Scale(deployment, set, 0);
            }
            return;
        }
        var allowed = wanted > 0 ? wanted + (deployment.TextAt("spec.strategy.type") == "Recreate" ? 0 : MaxSurge(deployment)) : 0;
        var total = live.Sum(Wanted);
        var toAdd = allowed - total;
        var left = toAdd;
        var sizes = live.Select(set =>
        {
            var before = int.TryParse(set.Annotation(MaxAnnotation), CultureInfo.InvariantCulture, out var max) && max > 0 ? max : total;
            var share = (int)Math.Round((double)Wanted(set) * allowed / before, MidpointRounding.AwayFromZero) - Wanted(set);
            share = toAdd >= 0 ? Math.Clamp(share, 0, Math.Max(0, left)) : Math.Clamp(share, Math.Min(0, left), 0);
            left -= share;
            return Wanted(set) + share;
        }).ToList();
        sizes[0] = Math.Max(0, sizes[0] + left);
        for (var i = 0; i < live.Count; i++)
        {
            Scale(deployment, live[i], sizes[i]);
        }
    }

    private JsonObject Scale(JsonObject deployment, JsonObject set, int replicas)
    {
        var before = Wanted(set);
        var scaled = Store.Modify(ResourceTypes.ReplicaSets, set.Namespace(), set.Name(), s =>
        {
            var original = s.DeepClone();
            s.Child("spec")["replicas"] = replicas;
            s.Annotate(DesiredAnnotation, Replicas(deployment).ToString(CultureInfo.InvariantCulture));
            s.Annotate(MaxAnnotation, (Replicas(deployment) + MaxSurge(deployment)).ToString(CultureInfo.InvariantCulture));
            return !JsonNode.DeepEquals(original, s);
        }) ?? set;
        if (before != replicas)
        {
            _events.Normal(deployment, "ScalingReplicaSet",
                $"Scaled {(replicas > before ? "up" : "down")} replica set {set.Name()} from {before} to {replicas}");
        }
        return scaled;
    }

    private void CleanUp(JsonObject deployment, List<JsonObject> old)
    {
        var idle = old.Where(static set => Wanted(set) == 0 && set.Number("status.replicas") == 0 && !set.IsDeleting()).OrderBy(Revision).ToList();
        foreach (var set in idle.Take(Math.Max(0, idle.Count - deployment.Number("spec.revisionHistoryLimit", DefaultHistory))))
        {
            Store.Delete(ResourceTypes.ReplicaSets, set.Namespace(), set.Name(), new DeleteRequest { Uid = set.Uid() });
        }
    }

    private void Progress(JsonObject deployment, string reason, string message) => Store.Modify(
        ResourceTypes.Deployments, deployment.Namespace(), deployment.Name(), d =>
        {
            d.Child("status").SetCondition("Progressing", true, reason, message, Now, hasUpdateTime: true);
            return true;
        }, status: true);

    private TimeSpan? WriteStatus(JsonObject reconciled)
    {
        TimeSpan? later = null;
        Store.Modify(ResourceTypes.Deployments, reconciled.Namespace(), reconciled.Name(), deployment =>
        {
            var sets = Sets(deployment);
            var current = Current(deployment, sets);
            var before = (JsonObject?)deployment["status"]?.DeepClone() ?? [];
            var status = deployment.Child("status");
            var available = sets.Sum(static s => s.Number("status.availableReplicas"));
            var total = sets.Sum(static s => s.Number("status.replicas"));
            status["observedGeneration"] = reconciled.Number("metadata.generation");
            Count(status, "replicas", total);
            Count(status, "updatedReplicas", current?.Number("status.replicas") ?? 0);
            Count(status, "readyReplicas", sets.Sum(static s => s.Number("status.readyReplicas")));
            Count(status, "availableReplicas", available);
            Count(status, "unavailableReplicas", Math.Max(0, Replicas(deployment) - available));
            SetAvailable(deployment, status, available);
            later = SetProgressing(deployment, before, status, current, total);
            SetFailure(status, sets);
            return !JsonNode.DeepEquals(before, status);
        }, status: true);
        return later;
    }

    private void SetAvailable(JsonObject deployment, JsonObject status, int available)
    {
        var enough = available >= Replicas(deployment) - MaxUnavailable(deployment);
        status.SetCondition("Available", enough, enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
            enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.", Now, hasUpdateTime: true);
    }

    private TimeSpan? SetProgressing(JsonObject deployment, JsonObject before, JsonObject status, JsonObject? current, int total)
    {
        if (deployment.At("spec.paused") is JsonValue paused && paused.GetValue<bool>())
        {
            status.SetCondition("Progressing", false, "DeploymentPaused", "Deployment is paused", Now, hasUpdateTime: true);
            ((JsonObject)Find(status)!)["status"] = "Unknown";
            return null;
        }
        var name = current is null ? $"Deployment \"{deployment.Name()}\"" : $"ReplicaSet \"{current.Name()}\"";
        var wanted = Replicas(deployment);
        var isComplete = status.Number("updatedReplicas") == wanted && total == wanted && status.Number("availableReplicas") == wanted;
        if (isComplete && current is not null)
        {
            status.SetCondition("Progressing", true, "NewReplicaSetAvailable", $"{name} has successfully progressed.", Now, hasUpdateTime: true);
            return null;
        }
        var existing = Find(status);
        if (existing?.Text("reason") == "NewReplicaSetAvailable" && before.Number("updatedReplicas") == status.Number("updatedReplicas")
            && before.Number("observedGeneration") == status.Number("observedGeneration"))
        {
            // A complete rollout does not become incomplete because a pod fails later.
            return null;
        }
        var moved = status.Number("updatedReplicas") > before.Number("updatedReplicas")
            || total - status.Number("updatedReplicas") < before.Number("replicas") - before.Number("updatedReplicas")
            || status.Number("readyReplicas") > before.Number("readyReplicas") || status.Number("availableReplicas") > before.Number("availableReplicas")
            || existing is null || existing.Text("reason") is "NewReplicaSetAvailable" or "DeploymentPaused";
        if (moved)
        {
            status.SetCondition("Progressing", true, "ReplicaSetUpdated", $"{name} is progressing.", Now, hasUpdateTime: true);
            Find(status)!["lastUpdateTime"] = JsonDocuments.Timestamp(Now);
        }
        if (existing?.Text("reason") == "ProgressDeadlineExceeded" && !moved)
        {
            return null;
        }
        var since = DateTimeOffset.Parse(Find(status)!.Text("lastUpdateTime")!, CultureInfo.InvariantCulture);
        var deadline = since + TimeSpan.FromSeconds(deployment.Number("spec.progressDeadlineSeconds", DefaultProgressSeconds));
        if (deadline > Now)
        {
            return deadline - Now + TimeSpan.FromMilliseconds(10);
        }
        status.SetCondition("Progressing", false, "ProgressDeadlineExceeded", $"{name} has timed out progressing.", Now, hasUpdateTime: true);
        return null;

        static JsonObject? Find(JsonObject status) => status["conditions"].Objects().FirstOrDefault(static c => c.Text("type") == "Progressing");
    }

    private void SetFailure(JsonObject status, List<JsonObject> sets)
    {
        if (sets.Select(static s => s.Condition("ReplicaFailure")).FirstOrDefault(static c => c is not null) is { } failure)
        {
            status.SetCondition("ReplicaFailure", true, failure.Text("reason") ?? "", failure.Text("message") ?? "", Now, hasUpdateTime: true);
        }
        else
        {
            status.RemoveCondition("ReplicaFailure");
        }
    }

    // A zero is left out, as the real API's omitempty does; clients read a missing count as zero.
    private static void Count(JsonObject status, string field, int count)
    {
        if (count == 0)
        {
            status.Remove(field);
        }
        else
        {
            status[field] = count;
        }
    }

    private static int Replicas(JsonObject deployment) => deployment.Number("spec.replicas", 1);

    private static int Wanted(JsonObject set) => set.Number("spec.replicas");

    private static long Revision(JsonObject set) => long.TryParse(set.Annotation(RevisionAnnotation), CultureInfo.InvariantCulture, out var r) ? r : 0;

    private static int MaxSurge(JsonObject deployment) =>
        ObjectReading.CountOrPercent(deployment.At("spec.strategy.rollingUpdate.maxSurge"), Replicas(deployment), roundUp: true,
            (int)Math.Ceiling(Replicas(deployment) * 0.25));

    private static int MaxUnavailable(JsonObject deployment)
    {
        if (deployment.TextAt("spec.strategy.type") == "Recreate" || Replicas(deployment) == 0)
        {
            return 0;
        }
        var count = ObjectReading.CountOrPercent(deployment.At("spec.strategy.rollingUpdate.maxUnavailable"), Replicas(deployment), roundUp: false,
            (int)Math.Floor(Replicas(deployment) * 0.25));
        // With neither surge nor unavailability nothing could ever move.
        return Math.Min(Replicas(deployment), count == 0 && MaxSurge(deployment) == 0 ? 1 : count);
    }

    private static JsonNode? WithoutHash(JsonNode? template)
    {
        var copy = (JsonObject?)template?.DeepClone();
        (copy?.At("metadata.labels") as JsonObject)?.Remove(HashLabel);
        return copy;
    }

    private static string Hash(JsonObject deployment, int collisions)
    {
        var bytes = SHA256.HashData([.. JsonDocuments.Serialize(deployment.At("spec.template")), (byte)collisions]);
        // The alphabet of names that spell no words, as Kubernetes uses it.
        const string alphabet = "bcdfghjklmnpqrstvwxz2456789";
        return string.Concat(bytes.Take(10).Select(static b => alphabet[b % alphabet.Length]));
    }

    private static void CopyAnnotations(JsonObject deployment, JsonObject set)
    {
        foreach (var (key, value) in deployment.At("metadata.annotations").TextPairs())
        {
            if (key is not ("kubectl.kubernetes.io/last-applied-configuration" or RevisionAnnotation or DesiredAnnotation or MaxAnnotation))
            {
                set.Annotate(key, value);
            }
        }
    }
}
