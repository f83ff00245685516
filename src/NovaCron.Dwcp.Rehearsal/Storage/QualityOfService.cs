using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Storage;

/// <summary>The quality-of-service class of a pod, from its requests and limits.</summary>
internal static class QualityOfService
{
    public static void Apply(JsonObject pod)
    {
        var containers = pod.At("spec.containers").Objects().Concat(pod.At("spec.initContainers").Objects()).ToList();
        Defaults.Fill(pod.Child("status"), "qosClass", containers.All(static c => !HasAny(c)) ? "BestEffort" : containers.All(IsGuaranteed) ? "Guaranteed" : "Burstable");
    }

    private static bool HasAny(JsonObject container) => Amount(container, "requests", "cpu") is not null || Amount(container, "requests", "memory") is not null
        || Amount(container, "limits", "cpu") is not null || Amount(container, "limits", "memory") is not null;

    private static bool IsGuaranteed(JsonObject container) => ((string[])["cpu", "memory"]).All(r =>
        Amount(container, "limits", r) is { } limit && Amount(container, "requests", r) is { } request && request == limit);

    private static string? Amount(JsonObject container, string kind, string resource) => container.At($"resources.{kind}.{resource}")?.ToString();
}
