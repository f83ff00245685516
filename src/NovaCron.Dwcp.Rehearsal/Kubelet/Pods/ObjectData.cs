using System.Text;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>The entries of a ConfigMap or Secret as bytes.</summary>
internal static class ObjectData
{
    public static Dictionary<string, byte[]> Read(JsonObject document)
    {
        var isSecret = document.Kind() == "Secret";
        var entries = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (key, value) in document["data"].TextPairs())
        {
            entries[key] = isSecret ? Convert.FromBase64String(value) : Encoding.UTF8.GetBytes(value);
        }
        foreach (var (key, value) in document["binaryData"].TextPairs())
        {
            entries[key] = Convert.FromBase64String(value);
        }
        return entries;
    }
}
