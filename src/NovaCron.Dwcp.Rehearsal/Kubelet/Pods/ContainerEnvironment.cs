using System.Globalization;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Kubelet.Images;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Pods;

/// <summary>The environment of a container's process.</summary>
internal static class ContainerEnvironment
{
    /// <summary>Everything that the process sees: the machine's search path, service addresses, the image's variables, the container's own.</summary>
    /// <exception cref="ContainerConfigException">A ConfigMap, Secret or key that a variable needs is missing.</exception>
    public static Dictionary<string, string> Build(
        ClusterStore store, JsonObject pod, JsonObject container, ContainerImage image, ContainerContext context, string hostAddress)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin",
            ["LANG"] = "C.UTF-8",
            ["HOME"] = context.Root,
            ["TMPDIR"] = context.Resolve("/tmp"),
            ["HOSTNAME"] = pod.Name(),
        };
        foreach (var (name, value) in image.Environment)
        {
            variables[name] = value;
        }
        AddServices(variables, store, pod);
        variables["KUBERNETES_SERVICE_HOST"] = context.ApiServer.Host;
        variables["KUBERNETES_SERVICE_PORT"] = context.ApiServer.Port.ToString(CultureInfo.InvariantCulture);
        variables["KUBERNETES_SERVICE_PORT_HTTPS"] = variables["KUBERNETES_SERVICE_PORT"];

        foreach (var source in container["envFrom"].Objects())
        {
            AddAll(variables, store, pod.Namespace(), source);
        }
        foreach (var variable in container["env"].Objects())
        {
            if (Value(store, pod, container, variable, variables, context, hostAddress) is { } value)
            {
                variables[variable.Text("name") ?? ""] = value;
            }
        }

        // Last: a pod's own definition must not send it to another pod's files or address.
        variables["DWCP_ROOT"] = context.Root;
        variables["DWCP_BIND_ADDRESS"] = context.PodAddress.ToString();
        variables["DWCP_REHEARSAL"] = "1";
        return variables;
    }

    // Host and port of every Service, even where the pod turned service links off: they stand for the cluster's DNS, which a process
    // without a network namespace has not. The longer forms are left to pods that want links.
    private static void AddServices(Dictionary<string, string> variables, ClusterStore store, JsonObject pod)
    {
        var links = (pod["spec"] as JsonObject)?.Boolean("enableServiceLinks") ?? true;
        foreach (var service in store.Snapshot(ResourceTypes.Services, pod.Namespace()).Items.Select(static s => s.Document))
        {
            var address = (service["spec"] as JsonObject)?.Text("clusterIP");
            var ports = service.At("spec.ports").Objects().ToList();
            if (string.IsNullOrEmpty(address) || address == "None" || ports.Count == 0)
            {
                continue;
            }
            var stem = service.Name().ToUpperInvariant().Replace('-', '_');
            variables[stem + "_SERVICE_HOST"] = address;
            variables[stem + "_SERVICE_PORT"] = Port(ports[0]);
            foreach (var port in ports.Where(static p => !string.IsNullOrEmpty(p.Text("name"))))
            {
                variables[$"{stem}_SERVICE_PORT_{port.Text("name")!.ToUpperInvariant().Replace('-', '_')}"] = Port(port);
            }
            if (!links)
            {
                continue;
            }
            variables[stem + "_PORT"] = $"{Protocol(ports[0])}://{address}:{Port(ports[0])}";
            foreach (var port in ports)
            {
                var prefix = $"{stem}_PORT_{Port(port)}_{Protocol(port).ToUpperInvariant()}";
                variables[prefix] = $"{Protocol(port)}://{address}:{Port(port)}";
                variables[prefix + "_PROTO"] = Protocol(port);
                variables[prefix + "_PORT"] = Port(port);
                variables[prefix + "_ADDR"] = address;
            }
        }

        static string Port(JsonObject port) => (port.Integer("port") ?? 0).ToString(CultureInfo.InvariantCulture);
        static string Protocol(JsonObject port) => (port.Text("protocol") ?? "TCP").ToLowerInvariant();
    }

    private static void AddAll(Dictionary<string, string> variables, ClusterStore store, string ns, JsonObject source)
    {
        var prefix = source.Text("prefix") ?? "";
        foreach (var (reference, type, kind) in new[]
        {
            (source["configMapRef"] as JsonObject, ResourceTypes.ConfigMaps, "configmap"),
            (source["secretRef"] as JsonObject, ResourceTypes.Secrets, "secret"),
        })
        {
            if (reference is null)
            {
                continue;
            }
            var name = reference.Text("name") ?? "";
            var document = store.Find(type, ns, name)?.Document;
            if (document is null)
            {
                if (reference.Boolean("optional") == true)
                {
                    continue;
                }
                throw new ContainerConfigException($"{kind} \"{name}\" not found");
            }
            foreach (var (key, content) in ObjectData.Read(document))
            {
                variables[prefix + key] = System.Text.Encoding.UTF8.GetString(content);
            }
        }
    }

    private static string? Value(
        ClusterStore store, JsonObject pod, JsonObject container, JsonObject variable, Dictionary<string, string> known,
        ContainerContext context, string hostAddress)
    {
        if (variable["valueFrom"] is not JsonObject from)
        {
            return VariableExpansion.Expand(variable.Text("value") ?? "", known);
        }
        if (from["fieldRef"] is JsonObject field)
        {
            return FieldReference.Read(pod, field.Text("fieldPath") ?? "", context.PodAddress.ToString(), hostAddress);
        }
        if (from["resourceFieldRef"] is JsonObject resource)
        {
            return FieldReference.ReadResource(container, resource.Text("resource") ?? "", resource["divisor"]?.ToString());
        }
        return from["configMapKeyRef"] is JsonObject configMap
            ? Key(store, ResourceTypes.ConfigMaps, "configmap", "ConfigMap", pod.Namespace(), configMap)
            : from["secretKeyRef"] is JsonObject secret ? Key(store, ResourceTypes.Secrets, "secret", "Secret", pod.Namespace(), secret) : "";
    }

    private static string? Key(ClusterStore store, ResourceType type, string lower, string kind, string ns, JsonObject reference)
    {
        var (name, key) = (reference.Text("name") ?? "", reference.Text("key") ?? "");
        var optional = reference.Boolean("optional") == true;
        var document = store.Find(type, ns, name)?.Document;
        if (document is not null && ObjectData.Read(document).TryGetValue(key, out var content))
        {
            return System.Text.Encoding.UTF8.GetString(content);
        }
        return optional ? null : throw new ContainerConfigException(document is null
            ? $"{lower} \"{name}\" not found"
            : $"couldn't find key {key} in {kind} {ns}/{name}");
    }
}
