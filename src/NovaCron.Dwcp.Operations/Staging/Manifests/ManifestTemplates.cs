using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Operations.Staging.Manifests;

/// <summary>The manifests that this release was built with, or those of a directory.</summary>
internal sealed class ManifestTemplates
{
    private const string ResourcePrefix = "kubernetes/";

    /// <summary>They are read only, and what is built in does not change.</summary>
    private static readonly Lazy<ManifestTemplates> BuiltIn = new(() => new([.. ReadBuiltIn().SelectMany(f => Parse(f.Name, f.Text))]));

    private ManifestTemplates(IReadOnlyList<ManifestTemplate> documents) => Documents = documents;

    public IReadOnlyList<ManifestTemplate> Documents { get; }

    public static ManifestTemplates Load(string? directory) =>
        directory is null ? BuiltIn.Value : new ManifestTemplates([.. ReadDirectory(directory).SelectMany(f => Parse(f.Name, f.Text))]);

    internal static ManifestTemplates FromText(string name, string text) => new([.. Parse(name, text)]);

    /// <summary>SHA-256, hex, over the documents before any value is filled in: layout, comments and environments do not change it.</summary>
    public string Hash()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var document in Documents.Select(d => ManifestRenderer.ToJson(d, null)).OrderBy(d => ManifestOrder.Key(d), StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes(Canonical(document)!.ToJsonString() + "\n"));
        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
    }

    private static JsonNode? Canonical(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Canonical(p.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Canonical)]),
        _ => node?.DeepClone(),
    };

    private static IEnumerable<(string Name, string Text)> ReadBuiltIn()
    {
        var assembly = typeof(ManifestTemplates).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(n => n.StartsWith(ResourcePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!, Encoding.UTF8);
            yield return (resource[ResourcePrefix.Length..], reader.ReadToEnd());
        }
    }

    private static IEnumerable<(string Name, string Text)> ReadDirectory(string directory)
    {
        if (!Directory.Exists(directory))
            throw new ManifestException(directory, 0, "the directory of manifests does not exist. Correct the path, or leave it out to use the built-in ones.");
        var files = Directory.GetFiles(directory, "*.yaml").Where(f => Path.GetFileName(f) != "values.yaml").Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0)
            throw new ManifestException(directory, 0, "the directory holds no *.yaml. Correct the path, or leave it out to use the built-in ones.");
        // Monitoring's manifests stand beside, as in the repository; a directory without them gets none.
        foreach (var sibling in new[] { Path.Combine(directory, "..", "prometheus", "stack"), Path.Combine(directory, "..", "grafana") }.Where(Directory.Exists))
            files.AddRange(Directory.GetFiles(sibling, "*.yaml").Order(StringComparer.Ordinal));
        return files.Select(f => (Path.GetFileName(f), File.ReadAllText(f)));
    }

    private static IEnumerable<ManifestTemplate> Parse(string name, string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            throw new ManifestException(name, e.Start.Line, $"is no valid YAML: {e.Message}", e);
        }

        foreach (var document in stream.Documents)
        {
            if (document.RootNode is not YamlMappingNode root)
            {
                if (document.RootNode is YamlScalarNode { Value: null or "" })
                    continue;
                throw new ManifestException(name, document.RootNode.Start.Line, "a document must be a mapping with apiVersion, kind and metadata");
            }

            yield return new ManifestTemplate(name, root);
        }
    }
}
