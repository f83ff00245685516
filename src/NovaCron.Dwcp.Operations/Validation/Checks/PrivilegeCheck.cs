using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nothing is privileged or can become so.</summary>
internal sealed class PrivilegeCheck() : PodHardeningCheck("security-privilege", CheckSeverity.Critical, "No container is privileged or can escalate", "Set allowPrivilegeEscalation: false and drop privileged.")
{
    protected override IEnumerable<string> Inspect(JsonNode pod, JsonObject container)
    {
        if (container.Flag("securityContext", "privileged") == true)
            yield return "is privileged";
        if (container.Flag("securityContext", "allowPrivilegeEscalation") != false)
            yield return "allowPrivilegeEscalation is not false";
    }
}
