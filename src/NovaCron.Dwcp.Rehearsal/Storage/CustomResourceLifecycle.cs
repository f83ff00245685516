using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>What happens around a CustomResourceDefinition: its finalizer and its status, which the real server's controllers write.</summary>
internal static class CustomResourceLifecycle
{
    /// <summary>Keeps a definition until its objects are gone.</summary>
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    /// <summary>Fills in defaults and the status of a definition.</summary>
    public static void Complete(JsonObject definition, DateTimeOffset now)
    {
        var spec = definition.Child("spec");
        var names = spec.Child("names");
        names["singular"] ??= (names.Text("kind") ?? "").ToLowerInvariant();
        names["listKind"] ??= (names.Text("kind") ?? "") + "List";
        if (spec["conversion"] is null)
        {
            spec["conversion"] = new JsonObject { ["strategy"] = "None" };
        }
        var finalizers = definition.Metadata()["finalizers"].Texts().ToList();
        if (!definition.IsDeleting() && !finalizers.Contains(CleanupFinalizer))
        {
            definition.Metadata()["finalizers"] = new JsonArray([.. finalizers.Append(CleanupFinalizer).Select(static f => (JsonNode)f)]);
        }
        var status = definition.Child("status");
        status["acceptedNames"] = names.DeepClone();
        status["storedVersions"] ??= new JsonArray([.. spec["versions"].Objects()
            .Where(static v => v.Boolean("storage") == true).Select(static v => (JsonNode)(v.Text("name") ?? ""))]);
        status["conditions"] ??= new JsonArray(
            Condition("NamesAccepted", "NoConflicts", "no conflicts found", now),
            Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", now));
    }

    private static JsonObject Condition(string type, string reason, string message, DateTimeOffset now) => new()
    {
        ["type"] = type, ["status"] = "True", ["lastTransitionTime"] = JsonDocuments.Timestamp(now), ["reason"] = reason, ["message"] = message,
    };
}
