using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Validation;

/// <summary>Rules for the built-in kinds: those that operators meet when a manifest is wrong.</summary>
internal static class ObjectValidator
{
    private const int MaxDataBytes = 1024 * 1024;
    private const string Immutable = "field is immutable";

    /// <exception cref="ApiStatusException">Something is wrong (Invalid).</exception>
    public static void Check(ResourceType type, JsonObject document, JsonObject? old)
    {
        var errors = new FieldErrors();
        MetadataValidator.Check(type, document, errors);
        var spec = document["spec"] as JsonObject ?? [];
        switch (type.Kind)
        {
            case "Pod":
                PodValidator.CheckPod(document, old, errors);
                break;
            case "Deployment" or "ReplicaSet" or "StatefulSet" or "DaemonSet":
                CheckWorkload(type, spec, old, errors);
                break;
            case "Service":
                CheckService(spec, old, errors);
                break;
            case "ConfigMap":
                CheckData(document, old, ["data", "binaryData"], errors);
                break;
            case "Secret":
                CheckData(document, old, ["data"], errors);
                CheckSame(document, old, "type", errors);
                break;
            case "PersistentVolumeClaim":
                CheckClaim(spec, old, errors);
                break;
            case "HorizontalPodAutoscaler":
                CheckAutoscaler(spec, errors);
                break;
            case "PodDisruptionBudget":
                if (spec["minAvailable"] is not null && spec["maxUnavailable"] is not null)
                {
                    errors.Invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
                }
                break;
            case "Ingress":
                CheckIngress(spec, errors);
                break;
            case "NetworkPolicy":
                foreach (var policy in spec["policyTypes"].Texts().Where(static t => t is not ("Ingress" or "Egress")))
                {
                    errors.NotSupported("spec.policyTypes[0]", policy, ["Egress", "Ingress"]);
                }
                break;
            case "Role" or "ClusterRole":
                CheckRules(document, errors);
                break;
            case "RoleBinding" or "ClusterRoleBinding":
                CheckBinding(document, old, errors);
                break;
            case "Lease":
                if (spec.Integer("leaseDurationSeconds") <= 0)
                {
                    errors.Invalid("spec.leaseDurationSeconds", spec.Integer("leaseDurationSeconds"), "must be greater than 0");
                }
                break;
            case "StorageClass":
                if (string.IsNullOrEmpty(document.Text("provisioner")))
                {
                    errors.Required("provisioner");
                }
                break;
            case "CustomResourceDefinition":
                DefinitionValidator.Check(document, errors);
                break;
            case "ValidatingAdmissionPolicy":
                PolicyValidator.CheckPolicy(spec, errors);
                break;
            case "ValidatingAdmissionPolicyBinding":
                PolicyValidator.CheckBinding(spec, errors);
                break;
        }
        errors.Throw(type, document.Name());
    }

    private static void CheckWorkload(ResourceType type, JsonObject spec, JsonObject? old, FieldErrors errors)
    {
        if (spec.Integer("replicas") < 0)
        {
            errors.Invalid("spec.replicas", spec.Integer("replicas"), "must be greater than or equal to 0");
        }
        PodValidator.CheckTemplate(spec, errors);
        if (old is not null && !JsonNode.DeepEquals(old.At("spec.selector"), spec["selector"]))
        {
            errors.Invalid("spec.selector", spec["selector"], Immutable);
        }
        if (type != ResourceTypes.Deployments)
        {
            return;
        }
        PodValidator.Supported(spec["strategy"] as JsonObject ?? [], "spec.strategy", "type", ["Recreate", "RollingUpdate"], errors);
        if (spec.At("strategy.type")?.ToString() == "Recreate" && spec.At("strategy.rollingUpdate") is not null)
        {
            errors.Forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'");
        }
        var (unavailable, surge) = (spec.At("strategy.rollingUpdate.maxUnavailable"), spec.At("strategy.rollingUpdate.maxSurge"));
        if (unavailable?.ToString() is "0" or "0%" && surge?.ToString() is "0" or "0%")
        {
            errors.Invalid("spec.strategy.rollingUpdate.maxUnavailable", unavailable, "may not be 0 when `maxSurge` is 0");
        }
    }

    private static void CheckService(JsonObject spec, JsonObject? old, FieldErrors errors)
    {
        PodValidator.Supported(spec, "spec", "type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"], errors);
        PodValidator.Supported(spec, "spec", "sessionAffinity", ["ClientIP", "None"], errors);
        var ports = PodValidator.Indexed(spec["ports"], "spec.ports").ToList();
        if (ports.Count == 0 && spec.Text("type") != "ExternalName" && spec.Text("clusterIP") != "None")
        {
            errors.Required("spec.ports");
        }
        var (names, keys) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var (port, at) in ports)
        {
            PodValidator.CheckPort(port, "port", at, errors);
            PodValidator.Supported(port, at, "protocol", ["SCTP", "TCP", "UDP"], errors);
            var name = port.Text("name") ?? "";
            if (name.Length == 0 && ports.Count > 1)
            {
                errors.Required(at + ".name");
            }
            else if (name.Length > 0 && NameRules.Label(name) is { } wrong)
            {
                errors.Invalid(at + ".name", name, wrong);
            }
            else if (name.Length > 0 && !names.Add(name))
            {
                errors.Duplicate(at + ".name", name);
            }
            if (!keys.Add($"{port.Text("protocol") ?? "TCP"}/{port["port"]}"))
            {
                errors.Duplicate(at, new JsonObject { ["port"] = port["port"]?.DeepClone(), ["protocol"] = port.Text("protocol") ?? "TCP" });
            }
        }
        if (old?.At("spec.clusterIP")?.ToString() is { Length: > 0 } address && spec.Text("clusterIP") is { Length: > 0 } given && given != address
            && spec.Text("type") != "ExternalName")
        {
            errors.Invalid("spec.clusterIPs[0]", new JsonArray(given), "may not change once set");
        }
    }

    private static void CheckData(JsonObject document, JsonObject? old, string[] fields, FieldErrors errors)
    {
        var size = 0L;
        foreach (var field in fields)
        {
            foreach (var (key, value) in document[field].TextPairs())
            {
                size += value.Length;
                if (NameRules.DataKey(key) is { } wrong)
                {
                    errors.Invalid($"{field}[{key}]", key, wrong);
                }
            }
            if (old?.Boolean("immutable") == true && !JsonNode.DeepEquals(old[field], document[field]))
            {
                errors.Forbidden(field, "field is immutable when `immutable` is set");
            }
        }
        if (old?.Boolean("immutable") == true && document.Boolean("immutable") != true)
        {
            errors.Forbidden("immutable", "field is immutable when `immutable` is set");
        }
        if (size > MaxDataBytes)
        {
            errors.TooLong("", MaxDataBytes);
        }
    }

    private static void CheckClaim(JsonObject spec, JsonObject? old, FieldErrors errors)
    {
        if (!spec["accessModes"].Texts().Any())
        {
            errors.Required("spec.accessModes", "at least 1 access mode is required");
        }
        foreach (var mode in spec["accessModes"].Texts().Where(static m => m is not ("ReadWriteOnce" or "ReadOnlyMany" or "ReadWriteMany" or "ReadWriteOncePod")))
        {
            errors.NotSupported("spec.accessModes", mode, ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]);
        }
        if (spec.At("resources.requests.storage") is null)
        {
            errors.Required("spec.resources[storage]");
        }
        if (old?["spec"] is JsonObject before)
        {
            var (was, now) = ((JsonObject)before.DeepClone(), (JsonObject)spec.DeepClone());
            foreach (var claim in (JsonObject[])[was, now])
            {
                claim.Remove("resources");
                claim.Remove("volumeName");
            }
            if (!JsonNode.DeepEquals(was, now))
            {
                errors.Forbidden(
                    "spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims");
            }
        }
    }

    private static void CheckAutoscaler(JsonObject spec, FieldErrors errors)
    {
        var (min, max) = (spec.Integer("minReplicas") ?? 1, spec.Integer("maxReplicas") ?? 0);
        if (min < 1)
        {
            errors.Invalid("spec.minReplicas", min, "must be greater than or equal to 1");
        }
        if (max < 1)
        {
            errors.Invalid("spec.maxReplicas", max, "must be greater than 0");
        }
        else if (max < min)
        {
            errors.Invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`");
        }
        foreach (var field in (string[])["kind", "name"])
        {
            if (string.IsNullOrEmpty((spec["scaleTargetRef"] as JsonObject)?.Text(field)))
            {
                errors.Required("spec.scaleTargetRef." + field);
            }
        }
    }

    private static void CheckIngress(JsonObject spec, FieldErrors errors)
    {
        if (spec["defaultBackend"] is null && !spec["rules"].Objects().Any())
        {
            errors.Invalid("spec", spec, "either `defaultBackend` or `rules` must be specified");
        }
        foreach (var (rule, at) in PodValidator.Indexed(spec["rules"], "spec.rules"))
        {
            foreach (var (path, place) in PodValidator.Indexed(rule.At("http.paths"), at + ".http.paths"))
            {
                if (path.Text("pathType") is null)
                {
                    errors.Required(place + ".pathType", "pathType must be specified");
                }
                PodValidator.Supported(path, place, "pathType", ["Exact", "ImplementationSpecific", "Prefix"], errors);
                if (path.Text("pathType") is "Exact" or "Prefix" && path.Text("path")?.StartsWith('/') != true)
                {
                    errors.Invalid(place + ".path", path.Text("path") ?? "", "must be an absolute path");
                }
            }
        }
    }

    private static void CheckRules(JsonObject document, FieldErrors errors)
    {
        foreach (var (rule, at) in PodValidator.Indexed(document["rules"], "rules"))
        {
            if (!rule["verbs"].Texts().Any())
            {
                errors.Required(at + ".verbs", "verbs must contain at least one value");
            }
            if (rule["nonResourceURLs"] is null)
            {
                if (!rule["apiGroups"].Texts().Any())
                {
                    errors.Required(at + ".apiGroups", "resource rules must supply at least one api group");
                }
                if (!rule["resources"].Texts().Any())
                {
                    errors.Required(at + ".resources", "resource rules must supply at least one resource");
                }
            }
        }
    }

    private static void CheckBinding(JsonObject document, JsonObject? old, FieldErrors errors)
    {
        var role = document["roleRef"] as JsonObject ?? [];
        PodValidator.Supported(role, "roleRef", "kind", document.Kind() == "RoleBinding" ? ["ClusterRole", "Role"] : ["ClusterRole"], errors);
        if (string.IsNullOrEmpty(role.Text("name")))
        {
            errors.Required("roleRef.name");
        }
        if (old is not null && !JsonNode.DeepEquals(old["roleRef"], document["roleRef"]))
        {
            errors.Invalid("roleRef", role, "cannot change roleRef");
        }
        foreach (var (subject, at) in PodValidator.Indexed(document["subjects"], "subjects"))
        {
            PodValidator.Supported(subject, at, "kind", ["Group", "ServiceAccount", "User"], errors);
            if (string.IsNullOrEmpty(subject.Text("name")))
            {
                errors.Required(at + ".name");
            }
            if (subject.Text("kind") == "ServiceAccount" && string.IsNullOrEmpty(subject.Text("namespace")))
            {
                errors.Required(at + ".namespace");
            }
        }
    }

    private static void CheckSame(JsonObject document, JsonObject? old, string field, FieldErrors errors)
    {
        if (old is not null && !JsonNode.DeepEquals(old[field], document[field]))
        {
            errors.Invalid(field, document[field], Immutable);
        }
    }
}
