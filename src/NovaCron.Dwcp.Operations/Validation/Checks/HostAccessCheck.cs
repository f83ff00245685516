using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>No pod reaches into its machine.</summary>
internal sealed class HostAccessCheck() : PodHardeningCheck("security-host-access", CheckSeverity.Critical, "No pod uses the host's namespaces, paths or ports", "Remove hostNetwork, hostPID, hostIPC, hostPath and hostPort.")
{
    protected override IEnumerable<string> Inspect(JsonNode pod, JsonObject container)
    {
        foreach (var name in new[] { "hostNetwork", "hostPID", "hostIPC" }.Where(n => pod.Flag(n) == true))
            yield return $"{name} is true";
        foreach (var volume in pod.Items("volumes").Where(v => v["hostPath"] is not null))
            yield return $"volume {volume.Text("name")} is the host's {volume.Text("hostPath", "path")}";
        foreach (var port in container.Items("ports").Where(p => p.Whole("hostPort") is > 0))
            yield return $"takes the host's port {port.Text("hostPort")}";
    }
}
