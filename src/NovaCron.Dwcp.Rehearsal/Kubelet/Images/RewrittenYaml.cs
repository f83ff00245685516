using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Rehearsal.Kubelet.Images;

/// <summary>
/// A program's YAML configuration with the container's absolute paths replaced by those on this machine, and Kubernetes discovery pointed at
/// the rehearsal's API server. It lies beside the original's place in the root, so that relative paths keep their meaning.
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
                foreach (var (key, value) in mapping)
                {
                    if (key is YamlScalarNode { Value: "kubernetes_sd_configs" } && value is YamlSequenceNode discoveries)
                    {
                        foreach (var discovery in discoveries.OfType<YamlMappingNode>())
                        {
                            PointAtApiServer(context, discovery);
                        }
                    }
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

    // A program in a real pod finds the API server by fixed paths, which this one cannot have.
    private static void PointAtApiServer(ContainerContext context, YamlMappingNode discovery)
    {
        if (discovery.Children.ContainsKey("api_server") || discovery.Children.ContainsKey("kubeconfig_file"))
        {
            return;
        }
        discovery.Add("api_server", context.ApiServer.ToString());
        discovery.Children["authorization"] = new YamlMappingNode { { "credentials_file", ServiceAccount + "/token" } };
        discovery.Children["tls_config"] = new YamlMappingNode { { "ca_file", ServiceAccount + "/ca.crt" } };
        if (discovery.Children.TryGetValue("namespaces", out var namespaces) && namespaces is YamlMappingNode selection
            && selection.Children.TryGetValue("own_namespace", out var own) && own is YamlScalarNode { Value: "true" })
        {
            selection.Children.Remove("own_namespace");
            selection.Children["names"] = new YamlSequenceNode(new YamlScalarNode(File.ReadAllText(context.Resolve(ServiceAccount + "/namespace"))));
        }
    }
}
