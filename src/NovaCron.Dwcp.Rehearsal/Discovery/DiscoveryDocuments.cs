using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Discovery;

/// <summary>What the server says it serves: one by one, and aggregated (<c>apidiscovery.k8s.io/v2</c>).</summary>
internal sealed class DiscoveryDocuments(ResourceTypeRegistry types)
{
    /// <summary>Version of Kubernetes whose API this is.</summary>
    public const string Minor = "36";

    /// <summary>Content type of aggregated discovery.</summary>
    public const string AggregatedMedia = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

    /// <summary><c>/version</c>.</summary>
    public static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = Minor,
        ["emulationMajor"] = "1",
        ["emulationMinor"] = Minor,
        ["minCompatibilityMajor"] = "1",
        ["minCompatibilityMinor"] = Minor,
        ["gitVersion"] = $"v1.{Minor}.0+rehearsal",
        ["gitCommit"] = "0000000000000000000000000000000000000000",
        ["gitTreeState"] = "clean",
        ["buildDate"] = "2026-01-01T00:00:00Z",
        ["goVersion"] = "none",
        ["compiler"] = "dotnet " + Environment.Version,
        ["platform"] = "linux/amd64",
    };

    /// <summary>The document at a discovery path, or <c>null</c> when nothing is there.</summary>
    /// <param name="path">Path, such as <c>/apis/apps/v1</c>.</param>
    /// <param name="aggregated">Whether the client understands aggregated discovery.</param>
    /// <param name="server">Host and port of this server.</param>
    public JsonObject? Find(string path, bool aggregated, string server)
    {
        var all = ServedResource.All(types);
        return path.Split('/', StringSplitOptions.RemoveEmptyEntries) switch
        {
            ["api"] when aggregated => Aggregated(all.Where(static r => r.Type.Group.Length == 0)),
            ["apis"] when aggregated => Aggregated(all.Where(static r => r.Type.Group.Length > 0)),
            ["api"] => new()
            {
                ["kind"] = "APIVersions",
                ["versions"] = new JsonArray("v1"),
                ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = server }),
            },
            ["apis"] => new()
            {
                ["kind"] = "APIGroupList", ["apiVersion"] = "v1",
                ["groups"] = new JsonArray([.. all.Where(static r => r.Type.Group.Length > 0).GroupBy(static r => r.Type.Group).Select(Group)]),
            },
            ["apis", var group] => all.Where(r => r.Type.Group == group).GroupBy(static r => r.Type.Group).Select(Group).FirstOrDefault() is { } found
                ? WithKind(found)
                : null,
            ["api", var version] => Resources("", version, all),
            ["apis", var group, var version] => Resources(group, version, all),
            _ => null,
        };
    }

    private static JsonObject WithKind(JsonObject group)
    {
        var document = new JsonObject { ["kind"] = "APIGroup", ["apiVersion"] = "v1" };
        foreach (var (key, value) in group.ToList())
        {
            document[key] = value?.DeepClone();
        }
        return document;
    }

    private static JsonObject Group(IGrouping<string, ServedResource> group)
    {
        var versions = group.Select(static r => r.Type.Version).Distinct()
            .Select(v => new JsonObject { ["groupVersion"] = $"{group.Key}/{v}", ["version"] = v }).ToList();
        return new()
        {
            ["name"] = group.Key, ["versions"] = new JsonArray([.. versions]), ["preferredVersion"] = versions[0].DeepClone(),
        };
    }

    private static JsonObject? Resources(string group, string version, IReadOnlyList<ServedResource> all)
    {
        var served = all.Where(r => r.Type.Group == group && r.Type.Version == version).ToList();
        if (served.Count == 0)
        {
            return null;
        }
        var list = new JsonArray();
        foreach (var (type, verbs, subresources) in served)
        {
            var resource = new JsonObject
            {
                ["name"] = type.Plural, ["singularName"] = type.Singular, ["namespaced"] = type.Namespaced, ["kind"] = type.Kind, ["verbs"] = Array(verbs),
            };
            AddNames(resource, type);
            list.Add((JsonNode)resource);
            foreach (var sub in subresources)
            {
                var entry = new JsonObject
                {
                    ["name"] = $"{type.Plural}/{sub.Name}", ["singularName"] = "", ["namespaced"] = type.Namespaced, ["kind"] = sub.Kind, ["verbs"] = Array(sub.Verbs),
                };
                if (sub.Group != type.Group || sub.Version != type.Version)
                {
                    (entry["group"], entry["version"]) = (sub.Group, sub.Version);
                }
                list.Add((JsonNode)entry);
            }
        }
        return new() { ["kind"] = "APIResourceList", ["apiVersion"] = "v1", ["groupVersion"] = served[0].Type.ApiVersion, ["resources"] = list };
    }

    private static JsonObject Aggregated(IEnumerable<ServedResource> served) => new()
    {
        ["kind"] = "APIGroupDiscoveryList",
        ["apiVersion"] = "apidiscovery.k8s.io/v2",
        ["metadata"] = new JsonObject(),
        ["items"] = new JsonArray([.. served.GroupBy(static r => r.Type.Group).Select(static g => (JsonNode)new JsonObject
        {
            ["metadata"] = new JsonObject { ["name"] = g.Key, ["creationTimestamp"] = null },
            ["versions"] = new JsonArray([.. g.GroupBy(static r => r.Type.Version).Select(static v => (JsonNode)new JsonObject
            {
                ["version"] = v.Key, ["resources"] = new JsonArray([.. v.Select(AggregatedResource)]), ["freshness"] = "Current",
            })]),
        })]),
    };

    private static JsonNode AggregatedResource(ServedResource served)
    {
        var type = served.Type;
        var resource = new JsonObject
        {
            ["resource"] = type.Plural,
            ["responseKind"] = Kind(type.Group, type.Version, type.Kind),
            ["scope"] = type.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = type.Singular,
            ["verbs"] = Array(served.Verbs),
        };
        AddNames(resource, type);
        if (served.Subresources.Count > 0)
        {
            resource["subresources"] = new JsonArray([.. served.Subresources.Select(static s => (JsonNode)new JsonObject
            {
                ["subresource"] = s.Name, ["responseKind"] = Kind(s.Group, s.Version, s.Kind), ["verbs"] = Array(s.Verbs),
            })]);
        }
        return resource;
    }

    private static void AddNames(JsonObject resource, ResourceType type)
    {
        if (type.ShortNames.Count > 0)
        {
            resource["shortNames"] = Array(type.ShortNames);
        }
        if (type.Categories.Count > 0)
        {
            resource["categories"] = Array(type.Categories);
        }
    }

    private static JsonObject Kind(string group, string version, string kind) => new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static JsonArray Array(IEnumerable<string> texts) => [.. texts.Select(static t => (JsonNode)t)];
}
