using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using k8s.Models;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>Schemas of the built-in kinds, read from the typed models of the Kubernetes client (which are generated from the API's own).</summary>
public static class BuiltInSchemas
{
    private static readonly ConcurrentDictionary<Type, FieldSchema> ByModel = new();

    private static readonly Lazy<Dictionary<(string Group, string Version, string Kind), Type>> Models = new(static () =>
        typeof(V1Pod).Assembly.GetExportedTypes()
            .Select(static t => (Type: t, Entity: t.GetCustomAttribute<KubernetesEntityAttribute>()))
            .Where(static t => t.Entity is not null && !t.Type.Name.EndsWith("List", StringComparison.Ordinal))
            .DistinctBy(static t => (t.Entity!.Group, t.Entity.ApiVersion, t.Entity.Kind))
            .ToDictionary(static t => (t.Entity!.Group ?? "", t.Entity.ApiVersion, t.Entity.Kind), static t => t.Type));

    // Types whose model is a plain object although documents hold a schema of their own.
    private static readonly FieldSchema Quantity = new() { Kind = FieldKind.Quantity };
    private static readonly FieldSchema IntOrText = new() { Kind = FieldKind.IntOrText };

    /// <summary>The schema of a built-in type, or <c>null</c> when the client does not model it.</summary>
    public static FieldSchema? Find(ResourceType type) => Find(type.Group, type.Version, type.Kind);

    /// <summary>The schema of a built-in kind, or <c>null</c> when the client does not model it.</summary>
    public static FieldSchema? Find(string group, string version, string kind) =>
        Models.Value.TryGetValue((group, version, kind), out var model) ? OfModel(model) : null;

    private static FieldSchema OfModel(Type model) => ByModel.GetOrAdd(model, static m =>
    {
        var name = TypeName(m);
        return new FieldSchema { Kind = FieldKind.Object, TypeName = name, Atomic = MergeRules.IsAtomicType(name) }.WithFields(() => FieldsOf(m, name));
    });

    private static Dictionary<string, FieldSchema> FieldsOf(Type model, string typeName)
    {
        var fields = new Dictionary<string, FieldSchema>(StringComparer.Ordinal);
        foreach (var property in model.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name is { } name)
            {
                fields.Add(name, OfProperty(typeName, name, property.PropertyType));
            }
        }
        return fields;
    }

    private static FieldSchema OfProperty(string owner, string name, Type type)
    {
        if (Argument(type, typeof(IList<>)) is { } element)
        {
            var rule = MergeRules.ForList(owner, name);
            return new FieldSchema
            {
                Kind = FieldKind.List,
                Topology = rule?.Topology ?? ListTopology.Atomic,
                Keys = rule?.Keys ?? [],
                PatchMergeKey = rule?.PatchMergeKey,
                PatchMerges = rule?.Topology == ListTopology.Set,
            }.WithElement(() => OfType(element));
        }
        if (Argument(type, typeof(IDictionary<,>)) is { } value)
        {
            return new FieldSchema { Kind = FieldKind.Map, Atomic = MergeRules.IsAtomicMap(owner, name) }.WithElement(() => OfProperty("", "", value));
        }
        // The models cannot say "any JSON" other than by object; field ownership is written down as one such value.
        return name == "fieldsV1" ? FieldSchema.Anything : OfType(type);
    }

    private static FieldSchema OfType(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type);
        var required = plain is null && type.IsValueType;
        plain ??= type;
        return plain switch
        {
            _ when plain == typeof(string) => new() { Kind = FieldKind.Text },
            _ when plain == typeof(int) => new() { Kind = FieldKind.Int32, Required = required },
            _ when plain == typeof(long) => new() { Kind = FieldKind.Int64, Required = required },
            _ when plain == typeof(double) => new() { Kind = FieldKind.Number, Required = required },
            _ when plain == typeof(bool) => new() { Kind = FieldKind.Boolean, Required = required },
            _ when plain == typeof(DateTime) => new() { Kind = FieldKind.Time },
            _ when plain == typeof(byte[]) => new() { Kind = FieldKind.Bytes },
            _ when plain == typeof(ResourceQuantity) => Quantity,
            _ when plain == typeof(IntOrString) => IntOrText,
            _ when plain == typeof(object) || plain == typeof(JsonNode) => FieldSchema.Anything,
            _ when Argument(plain, typeof(IDictionary<,>)) is not null || Argument(plain, typeof(IList<>)) is not null => OfProperty("", "", plain),
            _ => OfModel(plain),
        };
    }

    private static Type? Argument(Type type, Type generic) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == generic ? type.GetGenericArguments()[^1] : null;

    // V1DeploymentSpec -> DeploymentSpec, V2HorizontalPodAutoscaler -> HorizontalPodAutoscaler, Corev1Event -> Event
    private static string TypeName(Type model)
    {
        var name = model.Name;
        foreach (var prefix in (string[])["Corev1", "Eventsv1", "Discoveryv1", "Storagev1", "Authenticationv1", "Rbacv1", "Schedulingv1"])
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return name[prefix.Length..];
            }
        }
        var start = name.Length > 1 && name[0] == 'V' && char.IsAsciiDigit(name[1]) ? name.AsSpan(1).IndexOfAnyExceptInRange('0', '9') + 1 : 0;
        return name[start..];
    }
}
