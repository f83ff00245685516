using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Controllers;

/// <summary>
/// The Pod Security Standards <c>baseline</c> and <c>restricted</c>, with the texts of the real admission plug-in. Source: the checks of
/// k8s.io/pod-security-admission; those that concern only Windows, SELinux, AppArmor, sysctls and proc mounts are not made.
/// </summary>
public static class PodSecurity
{
    private const string EnforceLabel = "pod-security.kubernetes.io/enforce";

    private static readonly string[] RestrictedVolumes =
        ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret", "image"];

    private static readonly HashSet<string> BaselineCapabilities =
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ];

    /// <summary>Refuses a pod that its namespace does not allow.</summary>
    /// <exception cref="ApiStatusException">The pod violates the level that the namespace enforces (Forbidden).</exception>
    public static void Enforce(ClusterStore store, JsonObject pod)
    {
        var (level, version) = Level(store, pod.Namespace(), EnforceLabel);
        var violations = pod["spec"] is JsonObject spec ? Violations(level, spec) : [];
        if (violations.Count > 0)
        {
            var name = pod.Name() is { Length: > 0 } own ? own : pod.TextAt("metadata.generateName") ?? "";
            throw ApiStatusException.Forbidden(ResourceTypes.Pods, name, Text(level, version, violations));
        }
    }

    /// <summary>The warning for a workload (any kind with a pod template) whose pods the namespace would refuse; null when there is none.</summary>
    public static string? Warning(ClusterStore store, string ns, JsonObject podSpec)
    {
        var (level, version) = Level(store, ns, "pod-security.kubernetes.io/warn");
        if (level == "privileged")
        {
            (level, version) = Level(store, ns, EnforceLabel);
        }
        var violations = Violations(level, podSpec);
        return violations.Count == 0 ? null : "would violate" + Text(level, version, violations)["violates".Length..];
    }

    private static (string Level, string Version) Level(ClusterStore store, string ns, string label)
    {
        var document = store.Find(ResourceTypes.Namespaces, null, ns)?.Document;
        return (document?.Label(label) ?? "privileged", document?.Label(label + "-version") ?? "latest");
    }

    private static string Text(string level, string version, List<string> violations) =>
        $"violates PodSecurity \"{level}:{version}\": {string.Join(", ", violations)}";

    private static List<string> Violations(string level, JsonObject spec)
    {
        var violations = new List<string>();
        if (level is not ("baseline" or "restricted"))
        {
            return violations;
        }
        var isRestricted = level == "restricted";
        var containers = spec["initContainers"].Objects().Concat(spec["containers"].Objects()).ToList();

        var host = new[] { "hostNetwork", "hostPID", "hostIPC" }.Where(field => spec.Boolean(field) == true).Select(static f => f + "=true").ToList();
        if (host.Count > 0)
        {
            violations.Add($"host namespaces ({string.Join(", ", host)})");
        }
        AddContainers("hostPort", "", c => c["ports"].Objects().Any(static p => (p.Integer("hostPort") ?? 0) != 0), "uses hostPort");
        AddContainers("privileged", "", c => Security(c).Boolean("privileged") == true, "must not set securityContext.privileged=true");
        if (isRestricted)
        {
            AddContainers("allowPrivilegeEscalation != false", "", c => Security(c).Boolean("allowPrivilegeEscalation") != false,
                "must set securityContext.allowPrivilegeEscalation=false");
            AddContainers("unrestricted capabilities", "", c => !Security(c).At("capabilities.drop").Texts().Contains("ALL"),
                "must set securityContext.capabilities.drop=[\"ALL\"]");
            AddContainers("unrestricted capabilities", "", c => Security(c).At("capabilities.add").Texts().Any(static a => a != "NET_BIND_SERVICE"),
                "must not add any capability but \"NET_BIND_SERVICE\" in securityContext.capabilities.add");
        }
        else
        {
            AddContainers("non-default capabilities", "", c => Security(c).At("capabilities.add").Texts().Any(static a => !BaselineCapabilities.Contains(a)),
                "must not include capabilities beyond the default set in securityContext.capabilities.add");
        }
        AddVolumes(violations, spec, isRestricted);
        if (isRestricted)
        {
            var pod = Security(spec);
            AddContainers("runAsNonRoot != true", "pod or ", c => (Security(c).Boolean("runAsNonRoot") ?? pod.Boolean("runAsNonRoot")) != true,
                "must set securityContext.runAsNonRoot=true");
            if (pod.Integer("runAsUser") == 0)
            {
                violations.Add("runAsUser=0 (pod must not set runAsUser=0)");
            }
            AddContainers("runAsUser=0", "", c => Security(c).Integer("runAsUser") == 0, "must not set runAsUser=0");
            AddContainers("seccompProfile", "pod or ",
                c => (Security(c).TextAt("seccompProfile.type") ?? pod.TextAt("seccompProfile.type")) is not ("RuntimeDefault" or "Localhost"),
                "must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
        }
        return violations;

        void AddContainers(string check, string prefix, Func<JsonObject, bool> isBad, string demand)
        {
            var names = containers.Where(isBad).Select(static c => $"\"{c.Text("name")}\"").ToList();
            if (names.Count > 0)
            {
                violations.Add($"{check} ({prefix}container{(names.Count == 1 ? "" : "s")} {string.Join(", ", names)} {demand})");
            }
        }
    }

    private static void AddVolumes(List<string> violations, JsonObject spec, bool isRestricted)
    {
        var hostPaths = spec["volumes"].Objects().Where(static v => v.ContainsKey("hostPath")).Select(static v => $"\"{v.Text("name")}\"").ToList();
        if (!isRestricted)
        {
            if (hostPaths.Count > 0)
            {
                violations.Add($"hostPath volumes (volume{(hostPaths.Count == 1 ? "" : "s")} {string.Join(", ", hostPaths)})");
            }
            return;
        }
        foreach (var volume in spec["volumes"].Objects())
        {
            if (volume.Select(static p => p.Key).FirstOrDefault(static k => k != "name") is { } type && !RestrictedVolumes.Contains(type))
            {
                violations.Add($"restricted volume types (volume \"{volume.Text("name")}\" uses restricted volume type \"{type}\")");
            }
        }
    }

    private static JsonObject Security(JsonObject holder) => holder["securityContext"] as JsonObject ?? [];
}
