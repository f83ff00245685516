using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>No pod can take a machine for itself.</summary>
internal sealed class ResourceLimitsCheck() : PodHardeningCheck("security-limits", CheckSeverity.Medium, "CPU and memory are requested and limited", "Set resources.requests and resources.limits for cpu and memory.")
{
    protected override IEnumerable<string> Inspect(JsonNode pod, JsonObject container)
    {
        foreach (var kind in new[] { "requests", "limits" })
        {
            foreach (var resource in new[] { "cpu", "memory" }.Where(r => string.IsNullOrEmpty(container.Text("resources", kind, r))))
                yield return $"resources.{kind}.{resource} is absent";
        }
    }
}
