using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>What controllers read in objects of several kinds.</summary>
internal static class ObjectReading
{
    /// <summary>The whole number at a dotted path, or <paramref name="otherwise"/>.</summary>
    public static int Number(this JsonObject document, string path, int otherwise = 0) =>
        (int)((document.At(path) as JsonValue).AsInteger() ?? otherwise);

    /// <summary>The text at a dotted path, or null.</summary>
    public static string? TextAt(this JsonObject document, string path) =>
        document.At(path) is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    public static string? Label(this JsonObject document, string key) => (document.At("metadata.labels") as JsonObject)?.Text(key);

    public static string? Annotation(this JsonObject document, string key) => (document.At("metadata.annotations") as JsonObject)?.Text(key);

    public static void Annotate(this JsonObject document, string key, string value) => document.Metadata().Child("annotations")[key] = value;

    /// <summary>The owner that controls an object; null when none does.</summary>
    public static JsonObject? ControllerReference(this JsonObject document) =>
        document.At("metadata.ownerReferences").Objects().FirstOrDefault(static r => r.Boolean("controller") == true);

    public static bool IsControlledBy(this JsonObject document, JsonObject owner) => document.ControllerReference()?.Text("uid") == owner.Uid();

    /// <summary>An entry for <c>ownerReferences</c> that makes <paramref name="owner"/> the controller.</summary>
    public static JsonObject ControllerReferenceTo(JsonObject owner) => new()
    {
        ["apiVersion"] = owner.Text("apiVersion"),
        ["kind"] = owner.Kind(),
        ["name"] = owner.Name(),
        ["uid"] = owner.Uid(),
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };

    public static JsonObject? Condition(this JsonObject document, string type) =>
        document.At("status.conditions").Objects().FirstOrDefault(c => c.Text("type") == type);

    public static bool HasCondition(this JsonObject document, string type) => document.Condition(type)?.Text("status") == "True";

    public static bool IsPodReady(this JsonObject pod) => pod.HasCondition("Ready");

    /// <summary>Whether a pod counts as one that runs or will: it has not ended and nobody deletes it.</summary>
    public static bool IsPodActive(this JsonObject pod) => !pod.IsDeleting() && pod.TextAt("status.phase") is not ("Succeeded" or "Failed");

    /// <summary>Whether a pod has been ready for long enough; if only time is missing, how much.</summary>
    public static bool IsPodAvailable(this JsonObject pod, int minReadySeconds, DateTimeOffset now, out TimeSpan missing)
    {
        missing = TimeSpan.Zero;
        if (!pod.IsPodReady())
        {
            return false;
        }
        if (minReadySeconds == 0)
        {
            return true;
        }
        var since = DateTimeOffset.Parse(pod.Condition("Ready")!.Text("lastTransitionTime")!, System.Globalization.CultureInfo.InvariantCulture);
        missing = since + TimeSpan.FromSeconds(minReadySeconds) - now;
        return missing <= TimeSpan.Zero;
    }

    /// <summary>A count or a percentage of <paramref name="total"/>.</summary>
    public static int CountOrPercent(JsonNode? value, int total, bool roundUp, int otherwise)
    {
        if ((value as JsonValue).AsInteger() is { } count)
        {
            return (int)count;
        }
        if (value is JsonValue text && text.TryGetValue<string>(out var percent) && percent.EndsWith('%')
            && int.TryParse(percent.AsSpan(0, percent.Length - 1), System.Globalization.CultureInfo.InvariantCulture, out var number))
        {
            var share = number * total / 100.0;
            return (int)(roundUp ? Math.Ceiling(share) : Math.Floor(share));
        }
        return otherwise;
    }
}
