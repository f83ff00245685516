using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Patches;

/// <summary>JSON merge patch, RFC 7396.</summary>
public static class MergePatch
{
    /// <summary>Applies <paramref name="patch"/> to <paramref name="target"/> in place.</summary>
    public static void Apply(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject part:
                    if (target[name] is not JsonObject existing)
                    {
                        existing = [];
                        target[name] = existing;
                    }
                    Apply(existing, part);
                    break;
                default:
                    target[name] = value.DeepClone();
                    break;
            }
        }
    }
}
