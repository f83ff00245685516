using System.Text.Json;
using System.Text.Json.Serialization;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Writes and reads a TimeSpan the way Kubernetes writes durations, for example <c>24h</c>, <c>1m30s</c>, <c>500ms</c>.</summary>
public sealed class GoDurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && GoDuration.TryParse(reader.GetString(), out var value)
            ? value
            : throw new JsonException($"A duration such as \"24h\" or \"1m30s\" was expected.");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(GoDuration.Format(value));
}
