using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Validation;

/// <summary>Rules for pods and pod templates.</summary>
internal static class PodValidator
{
    private const string ImmutableSpec =
        "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
        + "`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

    private static readonly string[] Handlers = ["exec", "grpc", "httpGet", "tcpSocket", "sleep"];
    private static readonly string[] Probes = ["livenessProbe", "readinessProbe", "startupProbe"];

    public static void CheckPod(JsonObject pod, JsonObject? old, FieldErrors errors)
    {
        CheckSpec(pod["spec"] as JsonObject ?? [], "spec", errors);
        if (old is not null && !JsonNode.DeepEquals(Frozen(pod), Frozen(old)))
        {
            errors.Forbidden("spec", ImmutableSpec);
        }
    }

    /// <summary>Rules for the template of a workload whose pods run for ever.</summary>
    public static void CheckTemplate(JsonObject spec, FieldErrors errors)
    {
        if (spec["template"] is not JsonObject template)
        {
            errors.Required("spec.template.spec.containers");
            return;
        }
        MetadataValidator.CheckLabels(template.At("metadata.labels"), "spec.template.metadata.labels", errors);
        var selector = spec["selector"] as JsonObject;
        if (selector is null || selector.Count == 0)
        {
            if (selector is null)
            {
                errors.Required("spec.selector");
            }
            else
            {
                errors.Invalid("spec.selector", selector, "empty selector is invalid for deployment");
            }
        }
        else if (!LabelSelector.Of(selector).MatchesLabels(template.At("metadata.labels") as JsonObject))
        {
            errors.Invalid("spec.template.metadata.labels", template.At("metadata.labels") ?? new JsonObject(), "`selector` does not match template `labels`");
        }
        CheckSpec(template["spec"] as JsonObject ?? [], "spec.template.spec", errors);
        if (template.At("spec.restartPolicy")?.ToString() is { } policy and not "Always")
        {
            errors.NotSupported("spec.template.spec.restartPolicy", policy, ["Always"]);
        }
    }

    private static JsonObject Frozen(JsonObject pod)
    {
        var spec = (JsonObject)(pod["spec"]?.DeepClone() ?? new JsonObject());
        spec.Remove("tolerations");
        spec.Remove("activeDeadlineSeconds");
        spec.Remove("terminationGracePeriodSeconds");
        spec.Remove("nodeName"); // Written by the scheduler, through its binding.
        foreach (var container in spec["containers"].Objects().Concat(spec["initContainers"].Objects()))
        {
            container.Remove("image");
        }
        return spec;
    }

    private static void CheckSpec(JsonObject spec, string at, FieldErrors errors)
    {
        var volumes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (volume, place) in Indexed(spec["volumes"], at + ".volumes"))
        {
            CheckVolume(volume, place, volumes, errors);
        }
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (!spec["containers"].Objects().Any())
        {
            errors.Required(at + ".containers");
        }
        foreach (var (container, place) in Indexed(spec["initContainers"], at + ".initContainers").Concat(Indexed(spec["containers"], at + ".containers")))
        {
            CheckContainer(container, place, names, volumes, errors);
        }
        Supported(spec, at, "restartPolicy", ["Always", "OnFailure", "Never"], errors);
        Supported(spec, at, "dnsPolicy", ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], errors);
        if (spec.Integer("terminationGracePeriodSeconds") < 0)
        {
            errors.Invalid(at + ".terminationGracePeriodSeconds", spec.Integer("terminationGracePeriodSeconds"), "must be greater than or equal to 0");
        }
        foreach (var (spread, place) in Indexed(spec["topologySpreadConstraints"], at + ".topologySpreadConstraints"))
        {
            if (spread.Integer("maxSkew") is not > 0)
            {
                errors.Invalid(place + ".maxSkew", spread.Integer("maxSkew") ?? 0, "must be greater than zero");
            }
            if (string.IsNullOrEmpty(spread.Text("topologyKey")))
            {
                errors.Required(place + ".topologyKey", "can not be empty");
            }
            Supported(spread, place, "whenUnsatisfiable", ["DoNotSchedule", "ScheduleAnyway"], errors);
        }
    }

    private static void CheckVolume(JsonObject volume, string at, HashSet<string> names, FieldErrors errors)
    {
        var name = volume.Text("name") ?? "";
        if (name.Length == 0)
        {
            errors.Required(at + ".name");
        }
        else if (NameRules.Label(name) is { } wrong)
        {
            errors.Invalid(at + ".name", name, wrong);
        }
        else if (!names.Add(name))
        {
            errors.Duplicate(at + ".name", name);
        }
        if (volume["configMap"] is JsonObject map && string.IsNullOrEmpty(map.Text("name")))
        {
            errors.Required(at + ".configMap.name");
        }
        if (volume["secret"] is JsonObject secret && string.IsNullOrEmpty(secret.Text("secretName")))
        {
            errors.Required(at + ".secret.secretName");
        }
        if (volume["persistentVolumeClaim"] is JsonObject claim && string.IsNullOrEmpty(claim.Text("claimName")))
        {
            errors.Required(at + ".persistentVolumeClaim.claimName");
        }
        if (volume.Count > 2)
        {
            errors.Forbidden(at + "." + volume.Select(static p => p.Key).Last(), "may not specify more than 1 volume type");
        }
    }

    private static void CheckContainer(JsonObject container, string at, HashSet<string> names, HashSet<string> volumes, FieldErrors errors)
    {
        var name = container.Text("name") ?? "";
        if (name.Length == 0)
        {
            errors.Required(at + ".name");
        }
        else if (NameRules.Label(name) is { } wrong)
        {
            errors.Invalid(at + ".name", name, wrong);
        }
        else if (!names.Add(name))
        {
            errors.Duplicate(at + ".name", name);
        }
        if (string.IsNullOrEmpty(container.Text("image")))
        {
            errors.Required(at + ".image");
        }
        Supported(container, at, "imagePullPolicy", ["Always", "IfNotPresent", "Never"], errors);
        var ports = new HashSet<(string, long)>();
        var portNames = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (port, place) in Indexed(container["ports"], at + ".ports"))
        {
            CheckPort(port, "containerPort", place, errors);
            Supported(port, place, "protocol", ["SCTP", "TCP", "UDP"], errors);
            if (!ports.Add((port.Text("protocol") ?? "TCP", port.Integer("containerPort") ?? 0)))
            {
                continue; // The real server only warns about doubled ports.
            }
            if (port.Text("name") is { Length: > 0 } portName)
            {
                if (portName.Length > 15)
                {
                    errors.Invalid(place + ".name", portName, "must be no more than 15 characters");
                }
                else if (!portNames.Add(portName))
                {
                    errors.Duplicate(place + ".name", portName);
                }
            }
        }
        foreach (var (variable, place) in Indexed(container["env"], at + ".env"))
        {
            if (string.IsNullOrEmpty(variable.Text("name")))
            {
                errors.Required(place + ".name");
            }
            if (variable["valueFrom"] is JsonObject && !string.IsNullOrEmpty(variable.Text("value")))
            {
                errors.Invalid(place + ".valueFrom", "", "may not be specified when `value` is not empty");
            }
        }
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (mount, place) in Indexed(container["volumeMounts"], at + ".volumeMounts"))
        {
            CheckMount(mount, place, volumes, paths, errors);
        }
        foreach (var probe in Probes)
        {
            if (container[probe] is JsonObject settings)
            {
                CheckProbe(settings, $"{at}.{probe}", probe, errors);
            }
        }
        CheckResources(container["resources"] as JsonObject, at + ".resources", errors);
    }

    private static void CheckMount(JsonObject mount, string at, HashSet<string> volumes, HashSet<string> paths, FieldErrors errors)
    {
        var (name, path) = (mount.Text("name") ?? "", mount.Text("mountPath") ?? "");
        if (name.Length == 0)
        {
            errors.Required(at + ".name");
        }
        else if (!volumes.Contains(name))
        {
            errors.NotFound(at + ".name", name);
        }
        if (path.Length == 0)
        {
            errors.Required(at + ".mountPath");
        }
        else if (!paths.Add(path))
        {
            errors.Invalid(at + ".mountPath", path, "must be unique");
        }
        if (mount.Text("subPath") is { } sub && (sub.StartsWith('/') || sub.Split('/').Contains("..")))
        {
            errors.Invalid(at + ".subPath", sub, sub.StartsWith('/') ? "must be a relative path" : "must not contain '..'");
        }
    }

    private static void CheckProbe(JsonObject probe, string at, string kind, FieldErrors errors)
    {
        var handlers = Handlers.Where(h => probe[h] is not null).ToList();
        if (handlers.Count == 0)
        {
            errors.Required(at, "must specify a handler type");
        }
        foreach (var extra in handlers.Skip(1))
        {
            errors.Forbidden($"{at}.{extra}", "may not specify more than 1 handler type");
        }
        if (probe["httpGet"] is JsonObject http && http["port"] is null)
        {
            errors.Invalid(at + ".httpGet.port", 0, "must be between 1 and 65535, inclusive");
        }
        foreach (var field in (string[])["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"])
        {
            if (probe.Integer(field) < 0)
            {
                errors.Invalid($"{at}.{field}", probe.Integer(field), "must be greater than or equal to 0");
            }
        }
        if (kind != "readinessProbe" && probe.Integer("successThreshold") is > 1)
        {
            errors.Invalid(at + ".successThreshold", probe.Integer("successThreshold"), "must be 1");
        }
    }

    private static void CheckResources(JsonObject? resources, string at, FieldErrors errors)
    {
        foreach (var kind in (string[])["limits", "requests"])
        {
            foreach (var (name, amount) in resources?[kind] as JsonObject ?? [])
            {
                if (amount is not null && QuantityText.TryParse(amount.ToString(), out var value) && value < 0)
                {
                    errors.Invalid($"{at}.{kind}[{name}]", amount.ToString(), "must be greater than or equal to 0");
                }
            }
        }
        foreach (var (name, amount) in resources?["requests"] as JsonObject ?? [])
        {
            if ((resources!["limits"] as JsonObject)?[name] is { } limit && amount is not null
                && QuantityText.TryParse(amount.ToString(), out var asked) && QuantityText.TryParse(limit.ToString(), out var most) && asked > most)
            {
                errors.Invalid(at + ".requests", amount.ToString(), $"must be less than or equal to {name} limit of {limit}");
            }
        }
    }

    internal static void CheckPort(JsonObject port, string field, string at, FieldErrors errors)
    {
        if (port[field] is null)
        {
            errors.Required($"{at}.{field}");
        }
        else if (port.Integer(field) is not (> 0 and <= 65535))
        {
            errors.Invalid($"{at}.{field}", port[field], "must be between 1 and 65535, inclusive");
        }
    }

    internal static void Supported(JsonObject parent, string at, string field, string[] values, FieldErrors errors)
    {
        if (parent.Text(field) is { } value && !values.Contains(value))
        {
            errors.NotSupported($"{at}.{field}", value, values.Order(StringComparer.Ordinal));
        }
    }

    internal static IEnumerable<(JsonObject Item, string At)> Indexed(JsonNode? list, string at) => list.Objects().Select((item, i) => (item, $"{at}[{i}]"));
}
