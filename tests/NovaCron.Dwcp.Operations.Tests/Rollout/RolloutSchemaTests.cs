using System.Collections;
using System.Reflection;
using System.Text.Json.Serialization;
using k8s.Models;
using NovaCron.Dwcp.Operations.Rollout;
using YamlDotNet.Serialization;

namespace NovaCron.Dwcp.Operations.Tests.Rollout;

/// <summary>The API server prunes or refuses what a CRD does not know: types and schemas must say the same.</summary>
public sealed class RolloutSchemaTests
{
    [Theory]
    [InlineData("crd-dwcprollouts.yaml", typeof(DwcpRollout))]
    [InlineData("crd-dwcpapprovals.yaml", typeof(DwcpApproval))]
    public void Every_property_of_the_type_is_in_the_schema_with_its_type_and_the_other_way_round(string file, Type type)
    {
        var crd = Read(file);
        var schema = Map(Map(At(crd, "spec", "versions", 0, "schema"))["openAPIV3Schema"]);
        var problems = new List<string>();
        foreach (var part in new[] { "spec", "status" })
            if (type.GetProperty(part, BindingFlags.IgnoreCase | BindingFlags.Public | BindingFlags.Instance) is { } property)
                Compare(part, property.PropertyType, Map(Map(schema["properties"])[part]), problems);
        Assert.Empty(problems);
    }

    [Fact]
    public void States_in_the_schema_are_the_states_of_the_program()
    {
        var state = Map(At(Read("crd-dwcprollouts.yaml"), "spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "status", "properties", "state"));
        Assert.Equal(Enum.GetNames<RolloutState>(), ((IEnumerable<object>)state["enum"]).Select(value => value.ToString()));
    }

    [Fact]
    public void Defaults_in_the_schema_are_the_defaults_of_the_program()
    {
        var spec = Map(At(Read("crd-dwcprollouts.yaml"), "spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec", "properties"));
        var defaults = new DwcpRolloutSpec();
        Assert.Equal(GoDuration.Format(defaults.CheckInterval), Map(spec["checkInterval"])["default"]);
        var limits = Map(Map(spec["limits"])["properties"]);
        foreach (var property in typeof(RolloutLimits).GetProperties())
        {
            var name = property.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name;
            var expected = property.GetValue(defaults.Limits) is TimeSpan time ? GoDuration.Format(time) : Convert.ToString(property.GetValue(defaults.Limits), System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(GoDuration.TryParse((string)Map(limits[name])["default"], out var value) && property.PropertyType == typeof(TimeSpan)
                ? value == (TimeSpan)property.GetValue(defaults.Limits)! : (string)Map(limits[name])["default"] == expected, $"limits.{name}");
        }
        var phases = ((IEnumerable<object>)Map(spec["phases"])["default"]).Select(Map).ToList();
        Assert.Equal(defaults.Phases.Select(phase => phase.Name), phases.Select(phase => (string)phase["name"]));
        Assert.Equal(defaults.Phases.Select(phase => phase.Percent.ToString(System.Globalization.CultureInfo.InvariantCulture)), phases.Select(phase => (string)phase["percent"]));
    }

    private static void Compare(string path, Type type, Dictionary<string, object> schema, List<string> problems)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var expected = type switch
        {
            _ when type == typeof(string) || type == typeof(DateTimeOffset) || type == typeof(DateTime) || type == typeof(TimeSpan) || type.IsEnum => "string",
            _ when type == typeof(int) || type == typeof(long) => "integer",
            _ when type == typeof(double) => "number",
            _ when type == typeof(bool) => "boolean",
            _ when typeof(IList).IsAssignableFrom(type) => "array",
            _ => "object",
        };
        if ((string)schema["type"] != expected) problems.Add($"{path}: {schema["type"]} in the schema, {expected} in the program");
        if (expected == "array") Compare(path + "[]", type.GetGenericArguments()[0], Map(schema["items"]), problems);
        if (expected != "object") return;
        var properties = Map(schema["properties"]);
        var known = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.GetCustomAttribute<JsonPropertyNameAttribute>() is not null)
            .ToDictionary(property => property.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name, StringComparer.Ordinal);
        problems.AddRange(known.Keys.Except(properties.Keys).Select(name => $"{path}.{name} is not in the schema"));
        if (type != typeof(V1Condition)) problems.AddRange(properties.Keys.Except(known.Keys).Select(name => $"{path}.{name} is not in the program"));
        foreach (var (name, property) in known)
            if (properties.TryGetValue(name, out var child)) Compare($"{path}.{name}", property.PropertyType, Map(child), problems);
    }

    private static object At(object node, params object[] path) =>
        path.Aggregate(node, (at, step) => step is int index ? ((IList<object>)at)[index] : Map(at)[(string)step]);

    private static Dictionary<string, object> Map(object node) =>
        ((IDictionary<object, object>)node).ToDictionary(entry => (string)entry.Key, entry => entry.Value, StringComparer.Ordinal);

    private static object Read(string file)
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory!.FullName, "NovaCron.Dwcp.sln"))) directory = directory.Parent;
        return new DeserializerBuilder().Build().Deserialize<object>(File.ReadAllText(Path.Combine(directory.FullName, "module", "assets", "kubernetes", file)))!;
    }
}
