using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Nothing runs as root.</summary>
internal sealed class NonRootCheck() : PodHardeningCheck("security-non-root", CheckSeverity.Critical, "No container runs as root", "Set runAsNonRoot: true and a user other than 0.")
{
    protected override IEnumerable<string> Inspect(JsonNode pod, JsonObject container)
    {
        if ((container.Flag("securityContext", "runAsNonRoot") ?? pod.Flag("securityContext", "runAsNonRoot")) != true)
            yield return "runAsNonRoot is not true";
        if ((container.Whole("securityContext", "runAsUser") ?? pod.Whole("securityContext", "runAsUser")) == 0)
            yield return "runs as user 0";
    }
}
