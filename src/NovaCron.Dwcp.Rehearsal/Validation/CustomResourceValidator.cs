using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NovaCron.Dwcp.Rehearsal.Cel;
using NovaCron.Dwcp.Rehearsal.Schemas;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Validation;

/// <summary>Validation of custom resources by the OpenAPI schema and the CEL rules of their definition, and its defaults.</summary>
internal static class CustomResourceValidator
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromMilliseconds(200);

    /// <summary>Fills in defaults.</summary>
    public static void ApplyDefaults(FieldSchema schema, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject obj when schema.Kind == FieldKind.Object:
                foreach (var (name, field) in schema.Fields)
                {
                    if (field.Source?["default"] is { } value && (!obj.ContainsKey(name) || (obj[name] is null && field.Source.Boolean("nullable") != true)))
                    {
                        obj[name] = value.DeepClone();
                    }
                    if (obj[name] is { } child && field.Source is not null)
                    {
                        ApplyDefaults(field, child);
                    }
                }
                break;
            case JsonObject map when schema.Kind == FieldKind.Map:
                foreach (var (_, value) in map.ToList())
                {
                    ApplyDefaults(schema.Element, value);
                }
                break;
            case JsonArray array:
                foreach (var element in array)
                {
                    ApplyDefaults(schema.Element, element);
                }
                break;
        }
    }

    /// <exception cref="ApiStatusException">Something is wrong (Invalid).</exception>
    public static void Check(ResourceType type, FieldSchema schema, JsonObject document, JsonObject? old)
    {
        var errors = new FieldErrors();
        MetadataValidator.Check(type, document, errors);
        Visit(schema, document, "", errors);
        if (!errors.Any)
        {
            // Rules may rely on the schema, so they run only on what fits it.
            CheckRules(schema, document, old, "", errors);
        }
        errors.Throw(type, document.Name());
    }

    private static void Visit(FieldSchema schema, JsonNode? node, string path, FieldErrors errors)
    {
        if (schema.Source is not { } source)
        {
            return; // apiVersion, kind and metadata have rules of their own.
        }
        if (node is null)
        {
            if (source.Boolean("nullable") != true && path.Length > 0)
            {
                errors.WrongType(path, "null", $"{path} in body must be of type {source.Text("type")}: \"null\"");
            }
            return;
        }
        if (!Fits(schema, node))
        {
            var seen = Kind(node);
            errors.WrongType(path, seen, $"{path} in body must be of type {(schema.Kind == FieldKind.IntOrText ? "integer,string" : source.Text("type"))}: \"{seen}\"");
            return;
        }
        CheckValue(source, node, path, errors);
        switch (node)
        {
            case JsonObject obj:
                foreach (var required in source["required"].Texts().Where(r => !obj.ContainsKey(r)))
                {
                    errors.Required(Join(path, required));
                }
                foreach (var (name, value) in obj)
                {
                    if (schema.Field(name) is { } field)
                    {
                        Visit(field, value, Join(path, name), errors);
                    }
                }
                break;
            case JsonArray array:
                CheckUnique(schema, array, path, errors);
                for (var i = 0; i < array.Count; i++)
                {
                    Visit(schema.Element, array[i], $"{path}[{i}]", errors);
                }
                break;
        }
    }

    private static bool Fits(FieldSchema schema, JsonNode node) => schema.Kind switch
    {
        FieldKind.Object or FieldKind.Map => node is JsonObject,
        FieldKind.List => node is JsonArray,
        FieldKind.Text => node.GetValueKind() == JsonValueKind.String,
        FieldKind.Int64 => (node as JsonValue).AsInteger() is not null,
        FieldKind.Number => node.GetValueKind() == JsonValueKind.Number,
        FieldKind.Boolean => node.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        FieldKind.IntOrText => node.GetValueKind() == JsonValueKind.String || (node as JsonValue).AsInteger() is not null,
        _ => true,
    };

    private static void CheckValue(JsonObject source, JsonNode node, string path, FieldErrors errors)
    {
        if (source["enum"] is JsonArray allowed && !allowed.Any(a => JsonNode.DeepEquals(a, node)))
        {
            errors.NotSupported(path, node, allowed.Select(static a => a?.ToString() ?? "null"));
        }
        if (node.GetValueKind() == JsonValueKind.Number)
        {
            CheckRange(source, node, path, errors);
        }
        if (node.GetValueKind() == JsonValueKind.String)
        {
            CheckText(source, node.GetValue<string>(), path, errors);
        }
        if (node is JsonArray array)
        {
            if (source.Integer("maxItems") is { } most && array.Count > most)
            {
                errors.TooMany(path, array.Count, most);
            }
            if (source.Integer("minItems") is { } least && array.Count < least)
            {
                errors.Invalid(path, array.Count, $"{path} in body should have at least {least} items");
            }
        }
        if (node is JsonObject obj)
        {
            if (source.Integer("maxProperties") is { } most && obj.Count > most)
            {
                errors.TooMany(path, obj.Count, most);
            }
            if (source.Integer("minProperties") is { } least && obj.Count < least)
            {
                errors.Invalid(path, obj.Count, $"{path} in body should have at least {least} properties");
            }
        }
    }

    private static void CheckRange(JsonObject source, JsonNode node, string path, FieldErrors errors)
    {
        var value = double.Parse(node.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture);
        if (Real(source["maximum"]) is { } most && (value > most || (source.Boolean("exclusiveMaximum") == true && value >= most)))
        {
            errors.Invalid(path, node, $"{path} in body should be less than {(source.Boolean("exclusiveMaximum") == true ? "" : "or equal to ")}{source["maximum"]}");
        }
        if (Real(source["minimum"]) is { } least && (value < least || (source.Boolean("exclusiveMinimum") == true && value <= least)))
        {
            errors.Invalid(path, node, $"{path} in body should be greater than {(source.Boolean("exclusiveMinimum") == true ? "" : "or equal to ")}{source["minimum"]}");
        }
        if (Real(source["multipleOf"]) is { } step and > 0 && Math.Abs(Math.IEEERemainder(value, step)) > 1e-9)
        {
            errors.Invalid(path, node, $"{path} in body should be a multiple of {source["multipleOf"]}");
        }
    }

    private static void CheckText(JsonObject source, string text, string path, FieldErrors errors)
    {
        if (source.Integer("maxLength") is { } most && text.EnumerateRunes().Count() > most)
        {
            errors.TooLong(path, most);
        }
        if (source.Integer("minLength") is { } least && text.EnumerateRunes().Count() < least)
        {
            errors.Invalid(path, text, $"{path} in body should be at least {least} chars long");
        }
        if (source.Text("pattern") is { } pattern && !Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, MatchLimit))
        {
            errors.Invalid(path, text, $"{path} in body should match '{pattern}'");
        }
        if (source.Text("format") == "date-time"
            && !DateTimeOffset.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.AssumeUniversal, out _))
        {
            errors.Invalid(path, text, $"{path} in body must be of type date-time: \"{text}\"");
        }
    }

    private static void CheckUnique(FieldSchema schema, JsonArray array, string path, FieldErrors errors)
    {
        if (schema.Topology == ListTopology.Atomic)
        {
            return;
        }
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < array.Count; i++)
        {
            if (!seen.Add(Patches.FieldTree.ElementEdge(schema, array[i])))
            {
                errors.Duplicate($"{path}[{i}]", array[i]);
            }
        }
    }

    private static void CheckRules(FieldSchema schema, JsonNode? node, JsonNode? old, string path, FieldErrors errors)
    {
        if (node is null || schema.Source is not { } source)
        {
            return;
        }
        foreach (var rule in source["x-kubernetes-validations"].Objects())
        {
            CheckRule(rule, source.Text("type") ?? "object", node, old, path, errors);
        }
        switch (node)
        {
            case JsonObject obj:
                foreach (var (name, value) in obj)
                {
                    if (schema.Field(name) is { } field)
                    {
                        CheckRules(field, value, (old as JsonObject)?[name], Join(path, name), errors);
                    }
                }
                break;
            case JsonArray array:
                for (var i = 0; i < array.Count; i++)
                {
                    var edge = schema.Topology == ListTopology.Map ? Patches.FieldTree.ElementEdge(schema, array[i]) : null;
                    // Elements of other lists have no identity, so no old value either.
                    var before = edge is null ? null : (old as JsonArray)?.FirstOrDefault(o => Patches.FieldTree.ElementEdge(schema, o) == edge);
                    CheckRules(schema.Element, array[i], before, $"{path}[{i}]", errors);
                }
                break;
        }
    }

    private static void CheckRule(JsonObject rule, string type, JsonNode node, JsonNode? old, string path, FieldErrors errors)
    {
        var expression = rule.Text("rule") ?? "";
        var transition = TransitionRule.IsMatch(expression);
        if (transition && old is null && rule.Boolean("optionalOldSelf") != true)
        {
            return;
        }
        var variables = new Dictionary<string, object?> { ["self"] = node, ["oldSelf"] = old };
        if (rule.Boolean("optionalOldSelf") == true)
        {
            variables["oldSelf"] = old is null ? CelOptional.None : new CelOptional(CelProgram.FromJson(old), true);
        }
        try
        {
            if (CelProgram.Compile(expression).Holds(variables))
            {
                return;
            }
            var message = rule.Text("messageExpression") is { } dynamic && CelProgram.Compile(dynamic).Evaluate(variables) is string { Length: > 0 } text
                ? text
                : rule.Text("message") ?? "failed rule: " + expression;
            var at = rule.Text("fieldPath") is { Length: > 0 } field ? path + field : path;
            switch (rule.Text("reason"))
            {
                case "FieldValueForbidden":
                    errors.Forbidden(at.TrimStart('.'), message);
                    break;
                case "FieldValueRequired":
                    errors.Required(at.TrimStart('.'), message);
                    break;
                default:
                    errors.Invalid(at.TrimStart('.'), type, message);
                    break;
            }
        }
        catch (CelException e)
        {
            errors.Invalid(path, type, $"rule evaluation error: {e.Message}: evaluating rule: {expression}");
        }
    }

    private static readonly Regex TransitionRule = new(@"\boldSelf\b", RegexOptions.CultureInvariant);

    private static double? Real(JsonNode? node) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
            ? double.Parse(value.ToJsonString(), System.Globalization.CultureInfo.InvariantCulture)
            : null;

    private static string Kind(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.Object => "object", JsonValueKind.Array => "array", JsonValueKind.String => "string",
        JsonValueKind.Number => (node as JsonValue).AsInteger() is null ? "number" : "integer", _ => "boolean",
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : path + "." + name;
}
