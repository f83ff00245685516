using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>All capabilities are dropped and none is added.</summary>
internal sealed class CapabilitiesCheck() : PodHardeningCheck("security-capabilities", CheckSeverity.High, "All capabilities are dropped", "Set capabilities.drop: [ALL] and add none.")
{
    protected override IEnumerable<string> Inspect(JsonNode pod, JsonObject container)
    {
        if (!container.Texts("securityContext", "capabilities", "drop").Contains("ALL"))
            yield return "does not drop ALL capabilities";
        foreach (var added in container.Texts("securityContext", "capabilities", "add"))
            yield return $"adds capability {added}";
    }
}
