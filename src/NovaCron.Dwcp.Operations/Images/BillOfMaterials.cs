using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Images;

/// <summary>
/// What is in a published program, as CycloneDX 1.5 JSON, from the file that the .NET host itself loads by (<c>*.deps.json</c>): every package with
/// version and hash, the runtime, and who needs whom. The same input gives the same bytes.
/// </summary>
internal static class BillOfMaterials
{
    private static readonly System.Text.Json.JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static (string Document, int Components) Write(byte[] dependencyFile, string name, string version)
    {
        var document = JsonNode.Parse(dependencyFile)!.AsObject();
        var libraries = document["libraries"]?.AsObject() ?? throw new InvalidDataException("the dependency file lists no libraries");
        var target = document["targets"]?[document["runtimeTarget"]?["name"]?.ToString() ?? ""]?.AsObject() ?? [];
        var components = new JsonArray();
        var dependencies = new JsonArray();
        foreach (var (key, library) in libraries.OrderBy(l => l.Key, StringComparer.Ordinal))
        {
            var parts = key.Split('/', 2);
            var needs = (target[key]?["dependencies"] as JsonObject ?? []).Select(d => Reference(d.Key, d.Value!.ToString())).Order(StringComparer.Ordinal).Select(r => (JsonNode)r).ToArray();
            dependencies.Add(new JsonObject { ["ref"] = Reference(parts[0], parts[1]), ["dependsOn"] = new JsonArray(needs) });
            if (parts[0] == name)
                continue;
            var component = new JsonObject
            {
                ["type"] = library?["type"]?.ToString() == "runtimepack" ? "framework" : "library",
                ["bom-ref"] = Reference(parts[0], parts[1]),
                ["name"] = parts[0],
                ["version"] = parts[1],
            };
            if (library?["type"]?.ToString() is "package" or "runtimepack")
                component["purl"] = $"pkg:nuget/{parts[0].Replace("runtimepack.", "", StringComparison.Ordinal)}@{parts[1]}";
            if (library?["sha512"]?.ToString() is { Length: > 0 } hash && hash.StartsWith("sha512-", StringComparison.Ordinal))
            {
                component["hashes"] = new JsonArray(new JsonObject
                {
                    ["alg"] = "SHA-512",
                    ["content"] = Convert.ToHexString(Convert.FromBase64String(hash["sha512-".Length..])).ToLowerInvariant(),
                });
            }

            components.Add(component);
        }

        var bill = new JsonObject
        {
            ["$schema"] = "http://cyclonedx.org/schema/bom-1.5.schema.json",
            ["bomFormat"] = "CycloneDX",
            ["specVersion"] = "1.5",
            // From the content, so that two builds of the same thing have the same bill.
            ["serialNumber"] = $"urn:uuid:{new Guid(SHA256.HashData(dependencyFile).AsSpan(0, 16))}",
            ["version"] = 1,
            ["metadata"] = new JsonObject
            {
                ["component"] = new JsonObject { ["type"] = "application", ["bom-ref"] = Reference(name, OwnVersion(libraries, name) ?? version), ["name"] = name, ["version"] = version },
            },
            ["components"] = components,
            ["dependencies"] = dependencies,
        };
        return (bill.ToJsonString(Json) + "\n", components.Count);
    }

    private static string? OwnVersion(JsonObject libraries, string name) =>
        libraries.Select(l => l.Key.Split('/', 2)).Where(p => p[0] == name).Select(p => p[1]).FirstOrDefault();

    private static string Reference(string name, string version) => new StringBuilder(name).Append('@').Append(version).ToString();
}
