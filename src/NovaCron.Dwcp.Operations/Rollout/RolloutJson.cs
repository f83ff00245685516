using System.Text.Json;
using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>How documents of rollout and rollback are written: camel case, absent instead of null, infinities by name.</summary>
public static class RolloutJson
{
    public static JsonSerializerOptions Options { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new JsonStringEnumConverter() },
    };

    public static JsonSerializerOptions Indented { get; } = new(Options) { WriteIndented = true };
}
