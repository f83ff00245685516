using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>What was built cannot be changed while it runs.</summary>
internal sealed class ReadOnlyRootCheck() : PodHardeningCheck("security-read-only-root", CheckSeverity.High, "Root file systems are read-only", "Set readOnlyRootFilesystem: true and mount an emptyDir where something is written.")
{
    protected override IEnumerable<string> Inspect(JsonNode pod, JsonObject container)
    {
        if (container.Flag("securityContext", "readOnlyRootFilesystem") != true)
            yield return "readOnlyRootFilesystem is not true";
    }
}
