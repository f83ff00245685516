using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Controllers;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>The downward API: fields of a pod as texts.</summary>
internal static class FieldReference
{
    /// <summary>The value of a <c>fieldPath</c>.</summary>
    /// <exception cref="ContainerConfigException">The path is not supported.</exception>
    public static string Read(JsonObject pod, string path, string podAddress, string hostAddress) => path switch
    {
        "metadata.name" => pod.Name(),
        "metadata.namespace" => pod.Namespace(),
        "metadata.uid" => pod.Uid(),
        "metadata.labels" => Lines(pod.At("metadata.labels")),
        "metadata.annotations" => Lines(pod.At("metadata.annotations")),
        "spec.nodeName" => (pod["spec"] as JsonObject)?.Text("nodeName") ?? "",
        "spec.serviceAccountName" => (pod["spec"] as JsonObject)?.Text("serviceAccountName") ?? "",
        "status.hostIP" or "status.hostIPs" => hostAddress,
        "status.podIP" or "status.podIPs" => podAddress,
        _ when Subscript(path, "metadata.labels") is { } label => (pod.At("metadata.labels") as JsonObject)?.Text(label) ?? "",
        _ when Subscript(path, "metadata.annotations") is { } key => (pod.At("metadata.annotations") as JsonObject)?.Text(key) ?? "",
        _ => throw new ContainerConfigException($"unsupported fieldPath: {path}"),
    };

    /// <summary>The value of a <c>resourceFieldRef</c>: a container's request or limit, divided and rounded up.</summary>
    public static string ReadResource(JsonObject container, string resource, string? divisor)
    {
        var (kind, name) = resource.Split('.') is [var first, var second] ? (first, second)
            : throw new ContainerConfigException($"unsupported container resource: {resource}");
        var amount = (container.At($"resources.{kind}") as JsonObject)?[name]?.ToString() ?? NodeCapacity(name);
        var unit = string.IsNullOrEmpty(divisor) || divisor == "0" ? 1 : Quantity.Parse(divisor);
        return Math.Ceiling(Quantity.Parse(amount) / unit).ToString("0", CultureInfo.InvariantCulture);
    }

    // Without a limit, the limit is what the node has.
    private static string NodeCapacity(string resource) => resource switch
    {
        "cpu" => Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture),
        "memory" => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes.ToString(CultureInfo.InvariantCulture),
        _ => "0",
    };

    private static string? Subscript(string path, string map) =>
        path.StartsWith(map + "['", StringComparison.Ordinal) && path.EndsWith("']", StringComparison.Ordinal) ? path[(map.Length + 2)..^2] : null;

    private static string Lines(JsonNode? pairs)
    {
        var text = new StringBuilder();
        foreach (var (key, value) in pairs.TextPairs().OrderBy(static p => p.Key, StringComparer.Ordinal))
        {
            text.Append(key).Append("=\"").Append(value.Replace("\\", "\\\\").Replace("\"", "\\\"").Replace("\n", "\\n")).Append("\"\n");
        }
        return text.ToString();
    }
}
