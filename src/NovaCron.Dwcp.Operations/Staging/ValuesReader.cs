using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Net;
using System.Reflection;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>
/// Reads YAML into <see cref="StagingValues"/>: keys are the properties in camel case, limits are their attributes, and every complaint names
/// file, line and key.
/// </summary>
internal static class ValuesReader
{
    public static StagingValues ReadFile(string path)
    {
        try
        {
            return Read(Path.GetFileName(path), File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ManifestException(path, 0, $"cannot be read: {e.Message}", e);
        }
    }

    public static StagingValues Read(string file, string text)
    {
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (Exception e) when (YamlFailure.IsMalformed(e))
        {
            throw new ManifestException(file, YamlFailure.LineOf(e), $"is no valid YAML: {e.Message}", e);
        }

        var values = new StagingValues();
        if (stream.Documents.Count > 1)
            throw new ManifestException(file, stream.Documents[1].RootNode.Start.Line, "a values file is one document");
        if (stream.Documents.Count == 0 || stream.Documents[0].RootNode is YamlScalarNode { Value: null or "" })
            return values;
        if (stream.Documents[0].RootNode is not YamlMappingNode root)
            throw new ManifestException(file, stream.Documents[0].RootNode.Start.Line, "must be a mapping of settings");

        var lines = new Dictionary<string, long>(StringComparer.Ordinal);
        Fill(values, root, "", file, lines);
        Check(values, file, lines);
        return values;
    }

    /// <summary>Checks limits, also of values that never were in a file.</summary>
    public static void Check(StagingValues values, string file = "values", IReadOnlyDictionary<string, long>? lines = null)
    {
        CheckObject(values, "", file, lines ?? new Dictionary<string, long>());
        if (values.Node.MaximumReplicas < values.Node.MinimumReplicas)
            throw Bad("node.maximumReplicas", $"is {values.Node.MaximumReplicas}, below node.minimumReplicas {values.Node.MinimumReplicas}");
        if (values.Node.TerminationGraceSeconds < values.Node.PreStopSeconds + 6)
            throw Bad("node.terminationGraceSeconds", $"is {values.Node.TerminationGraceSeconds}, but must exceed preStopSeconds by six, or nothing is left to drain in");
        foreach (var (key, list) in new[] { ("network.clientCidrs", values.Network.ClientCidrs), ("network.controlPlaneCidrs", values.Network.ControlPlaneCidrs), ("datacenter.networks", values.Datacenter.Networks) })
        {
            foreach (var cidr in list.Where(c => !IPNetwork.TryParse(c, out _)))
                throw Bad(key, $"holds '{cidr}', which is no network such as 10.0.0.0/8");
        }

        if (values.Network.ClientCidrs.Count == 0)
            throw Bad("network.clientCidrs", "is empty, so nobody could open a session");

        var (first, last) = values.Datacenter.PortRange;
        if (first > last || last > 65535 || first < 1024)
            throw Bad("datacenter.ports", $"is {values.Datacenter.Ports}, but must rise within 1024..65535");
        if (values.Datacenter.Networks.Count == 0 && (values.Datacenter.RequireRdma || values.Datacenter.RdmaIdentities.Count > 0))
            throw Bad("datacenter.networks", "is empty, so nothing could come by RDMA");
        if (values.Datacenter.RdmaIdentities.Any(i => i.Length == 0 || i.Contains(',')))
            throw Bad("datacenter.rdmaIdentities", "holds a name that is empty or has a comma in it");

        ManifestException Bad(string key, string what) => new(file, lines?.GetValueOrDefault(key) ?? 0, $"{key} {what}");
    }

    private static void Fill(object target, YamlMappingNode mapping, string prefix, string file, Dictionary<string, long> lines)
    {
        var properties = target.GetType().GetProperties().ToDictionary(KeyOf);
        foreach (var (keyNode, node) in mapping.Children)
        {
            var key = (keyNode as YamlScalarNode)?.Value ?? "";
            var path = prefix + key;
            if (!properties.TryGetValue(key, out var property))
            {
                var near = properties.Keys.Where(k => k.StartsWith(key[..Math.Min(3, key.Length)], StringComparison.OrdinalIgnoreCase)).ToList();
                throw new ManifestException(file, keyNode.Start.Line,
                    $"unknown setting '{path}'; {(near.Count > 0 ? "did you mean " : "here are ")}{string.Join(", ", (near.Count > 0 ? near : [.. properties.Keys]).Order())}?");
            }

            lines[path] = node.Start.Line;
            if (IsNested(property.PropertyType))
            {
                if (node is YamlMappingNode nested)
                    Fill(property.GetValue(target)!, nested, path + ".", file, lines);
                else if (node is not YamlScalarNode { Value: null or "" })
                    throw new ManifestException(file, node.Start.Line, $"{path} must be a mapping");
                continue;
            }

            property.SetValue(target, Parse(property.PropertyType, node, path, file, property));
        }
    }

    private static object? Parse(Type type, YamlNode node, string path, string file, PropertyInfo property)
    {
        if (type == typeof(IReadOnlyList<string>))
        {
            return node is YamlSequenceNode list && list.Children.All(c => c is YamlScalarNode)
                ? list.Children.Select(c => ((YamlScalarNode)c).Value ?? "").ToList()
                : throw new ManifestException(file, node.Start.Line, $"{path} must be a list of texts");
        }

        if (node is not YamlScalarNode scalar)
            throw new ManifestException(file, node.Start.Line, $"{path} must be a single value");
        var text = scalar.Value ?? "";
        var isNull = scalar.Style == ScalarStyle.Plain && text is "" or "~" or "null";
        if (type == typeof(string))
        {
            if (!isNull)
                return text;
            return new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable
                ? null
                : throw new ManifestException(file, node.Start.Line, $"{path} must not be empty");
        }

        if (type == typeof(bool))
        {
            return text switch
            {
                "true" => true,
                "false" => false,
                _ => throw new ManifestException(file, node.Start.Line, $"{path} is '{text}', but must be true or false"),
            };
        }

        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ManifestException(file, node.Start.Line, $"{path} is '{text}', but must be a whole number");
    }

    private static void CheckObject(object target, string prefix, string file, IReadOnlyDictionary<string, long> lines)
    {
        foreach (var property in target.GetType().GetProperties())
        {
            var path = prefix + KeyOf(property);
            var value = property.GetValue(target);
            if (value is not null && IsNested(property.PropertyType))
            {
                CheckObject(value, path + ".", file, lines);
                continue;
            }

            foreach (var limit in property.GetCustomAttributes<ValidationAttribute>())
            {
                if (!limit.IsValid(value) || (limit is RequiredAttribute && value is ICollection { Count: 0 }))
                    throw new ManifestException(file, lines.GetValueOrDefault(path), $"{path} is '{value}', but must be {limit.ErrorMessage ?? limit.FormatErrorMessage(path)}");
            }
        }
    }

    private static bool IsNested(Type type) => type.IsClass && type.Namespace == typeof(StagingValues).Namespace;

    private static string KeyOf(PropertyInfo property) => char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
}
