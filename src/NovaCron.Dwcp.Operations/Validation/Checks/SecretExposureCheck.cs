using System.Text.Json.Nodes;
using NovaCron.Dwcp.Operations.Cluster;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>Secrets are files: no value of theirs is in environment, arguments or ConfigMaps, where describe and logs show them.</summary>
internal sealed class SecretExposureCheck() : ValidationCheck(
    "security-secret-exposure", CheckCategory.Security, CheckSeverity.Critical, "No secret is in environment, arguments or ConfigMaps",
    "Mount the Secret as files; then rotate what was exposed (New-DwcpStaging -RotateSecrets).")
{
    public override async Task<CheckFinding> RunAsync(ValidationContext context, CancellationToken cancellationToken)
    {
        var values = SecretValues.Of(await context.SecretsAsync().ConfigureAwait(false));
        var problems = new List<string>();
        var inspected = 0;
        foreach (var (where, spec) in await context.PodSpecsAsync().ConfigureAwait(false))
        {
            foreach (var container in spec.Containers())
            {
                inspected++;
                foreach (var entry in container.Items("env"))
                {
                    if (entry.At("valueFrom", "secretKeyRef") is not null)
                        problems.Add($"{where}: environment {entry.Text("name")} comes from a Secret");
                    Search($"{where}: environment {entry.Text("name")}", entry.Text("value"));
                }

                if (container.Items("envFrom").Any(e => e["secretRef"] is not null))
                    problems.Add($"{where}: a whole Secret is in the environment");
                foreach (var argument in container.Texts("args").Concat(container.Texts("command")))
                    Search($"{where}: an argument", argument);
            }
        }

        foreach (var map in await context.ListAsync(ClusterResource.ConfigMap).ConfigureAwait(false))
        {
            inspected++;
            foreach (var (key, value) in (map["data"] as JsonObject ?? []).Concat(map["binaryData"] as JsonObject ?? []))
                Search($"ConfigMap {map.Name()} key {key}", value?.ToString());
        }

        return CheckFinding.Judge(problems, inspected, $"{inspected} containers and ConfigMaps hold no secret");

        void Search(string where, string? text)
        {
            if (text is not null && values.FirstOrDefault(v => SecretValues.IsIn(text, v.Value)) is { Key: not null } found)
                problems.Add($"{where} holds the value of {found.Key}");
        }
    }
}
