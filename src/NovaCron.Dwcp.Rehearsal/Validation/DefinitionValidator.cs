using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Validation;

/// <summary>Rules for CustomResourceDefinitions.</summary>
internal static class DefinitionValidator
{
    public static void Check(JsonObject definition, FieldErrors errors)
    {
        var spec = definition["spec"] as JsonObject ?? [];
        var (group, plural) = (spec.Text("group") ?? "", spec.At("names.plural")?.ToString() ?? "");
        foreach (var (field, value) in new[] { ("spec.group", group), ("spec.names.plural", plural), ("spec.names.kind", spec.At("names.kind")?.ToString() ?? "") })
        {
            if (value.Length == 0)
            {
                errors.Required(field);
            }
        }
        if (definition.Name() != $"{plural}.{group}")
        {
            errors.Invalid("metadata.name", definition.Name(), $"must be spec.names.plural+\".\"+spec.group");
        }
        if (spec.Text("scope") is not ("Namespaced" or "Cluster"))
        {
            errors.NotSupported("spec.scope", spec.Text("scope") ?? "", ["Cluster", "Namespaced"]);
        }
        var versions = PodValidator.Indexed(spec["versions"], "spec.versions").ToList();
        if (versions.Count(static v => v.Item.Boolean("storage") == true) != 1)
        {
            errors.Invalid("spec.versions", spec["versions"] ?? new JsonArray(), "must have exactly one version marked as storage version");
        }
        foreach (var (version, at) in versions)
        {
            if (version.At("schema.openAPIV3Schema") is not JsonObject schema)
            {
                errors.Required(at + ".schema.openAPIV3Schema", "schemas are required");
                continue;
            }
            CheckSchema(schema, at + ".schema.openAPIV3Schema", isRoot: true, errors);
        }
    }

    // Structural schemas name a type everywhere.
    private static void CheckSchema(JsonObject schema, string at, bool isRoot, FieldErrors errors)
    {
        var type = schema.Text("type");
        if (isRoot && type != "object")
        {
            errors.Invalid(at + ".type", type ?? "", "must be object at the root");
        }
        else if (type is null && schema.Boolean("x-kubernetes-int-or-string") != true && schema.Boolean("x-kubernetes-preserve-unknown-fields") != true)
        {
            errors.Required(at + ".type", "must not be empty for specified object fields");
        }
        foreach (var (rule, place) in PodValidator.Indexed(schema["x-kubernetes-validations"], at + ".x-kubernetes-validations"))
        {
            PolicyValidator.CheckExpression(rule.Text("rule"), place + ".rule", errors);
        }
        foreach (var (name, property) in schema["properties"] as JsonObject ?? [])
        {
            if (property is JsonObject child)
            {
                CheckSchema(child, $"{at}.properties[{name}]", false, errors);
            }
        }
        if (schema["items"] is JsonObject items)
        {
            CheckSchema(items, at + ".items", false, errors);
        }
        else if (type == "array")
        {
            errors.Required(at + ".items", "must be specified");
        }
        if (schema["additionalProperties"] is JsonObject values)
        {
            CheckSchema(values, at + ".additionalProperties", false, errors);
        }
    }
}
