using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>System calls are filtered.</summary>
internal sealed class SeccompCheck() : PodHardeningCheck("security-seccomp", CheckSeverity.High, "The runtime's seccomp profile is in force", "Set seccompProfile.type: RuntimeDefault.")
{
    protected override IEnumerable<string> Inspect(JsonNode pod, JsonObject container)
    {
        var type = container.Text("securityContext", "seccompProfile", "type") ?? pod.Text("securityContext", "seccompProfile", "type");
        if (type is not ("RuntimeDefault" or "Localhost"))
            yield return $"seccompProfile is {type ?? "absent"}, expected RuntimeDefault";
    }
}
