using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>When and how an object goes away.</summary>
internal static class Deletion
{
    public const string ForegroundFinalizer = "foregroundDeletion";
    public const string OrphanFinalizer = "orphan";
    private const long DefaultGraceSeconds = 30;

    /// <summary>
    /// Marks an object for deletion. Returns whether it remains for now: for finalizers, for a namespace's content, or until a
    /// kubelet has ended the processes of a pod.
    /// </summary>
    public static bool Mark(ResourceType type, JsonObject document, DeleteRequest request, DateTimeOffset now)
    {
        var metadata = document.Metadata();
        var finalizers = metadata["finalizers"].Texts().ToHashSet(StringComparer.Ordinal);
        if (!document.IsDeleting())
        {
            // A finalizer of the other mode that an earlier writer left is replaced, as the real server does.
            finalizers.Remove(ForegroundFinalizer);
            finalizers.Remove(OrphanFinalizer);
            switch (request.Propagation)
            {
                case DeletionPropagation.Foreground:
                    finalizers.Add(ForegroundFinalizer);
                    break;
                case DeletionPropagation.Orphan:
                    finalizers.Add(OrphanFinalizer);
                    break;
                case DeletionPropagation.Background:
                default:
                    break;
            }
        }
        SetFinalizers(metadata, finalizers);
        var grace = type == ResourceTypes.Pods ? Grace(document, request) : 0;
        var current = metadata.Integer("deletionGracePeriodSeconds");
        if (current is not null)
        {
            grace = Math.Min(grace, current.Value); // A running deletion is only ever shortened.
        }
        var remains = finalizers.Count > 0 || grace > 0 || HasContent(type, document);
        if (remains && (current is null || grace < current))
        {
            metadata["deletionTimestamp"] = JsonDocuments.Timestamp(now.AddSeconds(grace));
            metadata["deletionGracePeriodSeconds"] = grace;
            if (type.HasGeneration && current is null)
            {
                metadata["generation"] = (metadata.Integer("generation") ?? 0) + 1;
            }
            if (type == ResourceTypes.Namespaces)
            {
                document.Child("status")["phase"] = "Terminating";
            }
        }
        return remains;
    }

    /// <summary>Whether a marked object has nothing left to wait for.</summary>
    public static bool IsOver(ResourceType type, JsonObject document) =>
        document.IsDeleting()
        && !document.Metadata()["finalizers"].Texts().Any()
        && (document.Metadata().Integer("deletionGracePeriodSeconds") ?? 0) == 0
        && !HasContent(type, document);

    private static bool HasContent(ResourceType type, JsonObject document) =>
        type == ResourceTypes.Namespaces && document.At("spec.finalizers").Texts().Any();

    private static long Grace(JsonObject pod, DeleteRequest request)
    {
        var unassigned = string.IsNullOrEmpty((pod["spec"] as JsonObject)?.Text("nodeName"));
        var ended = (pod["status"] as JsonObject)?.Text("phase") is "Succeeded" or "Failed";
        if (unassigned || ended)
        {
            return 0; // No kubelet would ever confirm the end.
        }
        var own = (pod["spec"] as JsonObject)?.Integer("terminationGracePeriodSeconds") ?? DefaultGraceSeconds;
        return Math.Max(0, request.GracePeriodSeconds ?? own);
    }

    private static void SetFinalizers(JsonObject metadata, HashSet<string> finalizers)
    {
        if (finalizers.Count == 0)
        {
            metadata.Remove("finalizers");
        }
        else if (!finalizers.SetEquals(metadata["finalizers"].Texts()))
        {
            metadata["finalizers"] = new JsonArray([.. finalizers.Select(static f => (JsonNode)f)]);
        }
    }
}
