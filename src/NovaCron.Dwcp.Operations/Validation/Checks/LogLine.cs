using System.Text.Json;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Operations.Validation.Checks;

/// <summary>A structured line of a node's log.</summary>
internal sealed record LogLine(DateTimeOffset Time, string Level, string Message)
{
    /// <summary>The line, or null if it is not one JSON object with time, level and message.</summary>
    public static LogLine? TryRead(string line)
    {
        try
        {
            return JsonNode.Parse(line) is JsonObject entry && entry.Moment("time") is { } time && entry.Text("level") is { Length: > 0 } level && entry.Text("message") is { } message
                ? new LogLine(time, level, message)
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
