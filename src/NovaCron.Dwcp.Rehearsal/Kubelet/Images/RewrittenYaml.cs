using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>
/// A program's YAML configuration with the container's absolute paths replaced by those on this machine, and Kubernetes discovery replaced by
/// the rehearsal's own. It lies beside the original's place in the root, so that relative paths keep their meaning.
/// </summary>
internal static class RewrittenYaml
{
    private const string ServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

    /// <summary>Writes the rewritten copy of the configuration at <paramref name="path"/> and returns where it is.</summary>
    public static string Refresh(ContainerContext context, string path)
    {
        var source = context.Resolve(path);
        var target = context.Resolve("/run/configuration" + path);
        if (!File.Exists(source))
        {
            return target;
        }
        var yaml = new YamlStream();
        using (var reader = File.OpenText(source))
        {
            yaml.Load(reader);
        }
        foreach (var document in yaml.Documents)
        {
            Rewrite(context, document.RootNode, Path.GetDirectoryName(path)!);
        }
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var pending = target + ".new";
        using (var writer = File.CreateText(pending))
        {
            yaml.Save(writer, assignAnchors: false);
        }
        File.Move(pending, target, overwrite: true);
        return target;
    }

    private static void Rewrite(ContainerContext context, YamlNode node, string folder)
    {
        switch (node)
        {
            case YamlSequenceNode sequence:
                foreach (var item in sequence)
                {
                    Rewrite(context, item, folder);
                }
                break;
            case YamlMappingNode mapping:
                if (mapping.Children.TryGetValue("kubernetes_sd_configs", out var discoveries) && discoveries is YamlSequenceNode kubernetes)
                {
                    mapping.Children.Remove("kubernetes_sd_configs");
                    mapping.Add("http_sd_configs", new YamlSequenceNode(kubernetes.OfType<YamlMappingNode>().Select(d => ThroughApiServer(context, d))));
                }
                foreach (var (key, value) in mapping)
                {
                    // Files are named relative to the configuration's folder, which the copy does not share.
                    if (key is YamlScalarNode { Value: "rule_files" or "templates" } && value is YamlSequenceNode files)
                    {
                        foreach (var file in files.OfType<YamlScalarNode>().Where(static f => f.Value is { Length: > 0 } v && v[0] != '/'))
                        {
                            file.Value = Path.Combine(folder, file.Value!);
                        }
                    }
                    Rewrite(context, value, folder);
                }
                break;
            // An absolute path only, and never a URL path such as /metrics or /api/v2: it has to be there in the container.
            case YamlScalarNode { Value: { Length: > 1 } text } scalar when text[0] == '/' && text.LastIndexOf('/') > 0:
                scalar.Value = context.ResolveIfPresent(text);
                break;
        }
    }

    // Debian's Prometheus is built without Kubernetes discovery; the rehearsal's API server offers the same pods, labels and permissions over HTTP.
    private static YamlMappingNode ThroughApiServer(ContainerContext context, YamlMappingNode discovery)
    {
        if (discovery.Children.TryGetValue("role", out var role) && role is not YamlScalarNode { Value: "pod" })
        {
            throw new Cluster.RehearsalException($"The rehearsal's Prometheus discovers pods only, not role '{role}'. Use role: pod.");
        }
        var selection = discovery.Children.TryGetValue("namespaces", out var found) ? found as YamlMappingNode : null;
        var names = selection is not null && selection.Children.TryGetValue("names", out var list) && list is YamlSequenceNode several
            ? several.OfType<YamlScalarNode>().Select(static n => n.Value!).ToList()
            : [File.ReadAllText(context.Resolve(ServiceAccount + "/namespace"))];
        return new YamlMappingNode
        {
            { "url", $"{context.ApiServer.ToString().TrimEnd('/')}{Api.PodDiscovery.Path}?{string.Join('&', names.Select(static n => "namespace=" + Uri.EscapeDataString(n)))}" },
            { "refresh_interval", "1s" },
            { "authorization", new YamlMappingNode { { "type", "Bearer" }, { "credentials_file", context.Resolve(ServiceAccount + "/token") } } },
            { "tls_config", new YamlMappingNode { { "ca_file", context.Resolve(ServiceAccount + "/ca.crt") } } },
        };
    }
}
