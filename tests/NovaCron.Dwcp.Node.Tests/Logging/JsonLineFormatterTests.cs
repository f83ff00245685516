using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NovaCron.Dwcp.Node.Logging;

namespace NovaCron.Dwcp.Node.Tests.Logging;

public class JsonLineFormatterTests
{
    [Fact]
    public void One_event_is_one_line_with_its_values()
    {
        var line = Format(LogLevel.Warning, [new("Percent", 10), new("Reason", "two\nlines \"quoted\""), new("{OriginalFormat}", "x")], "moved to 10 %", null);
        var entry = JsonNode.Parse(line)!.AsObject();
        Assert.Equal("warn", (string?)entry["level"]);
        Assert.Equal("flags", (string?)entry["logger"]);
        Assert.Equal("moved to 10 %", (string?)entry["message"]);
        Assert.Equal(10, (int?)entry["percent"]);
        Assert.Equal("two\nlines \"quoted\"", (string?)entry["reason"]);
        Assert.DoesNotContain('\n', line.TrimEnd('\n'));
    }

    [Fact]
    public void A_value_cannot_pretend_to_be_the_level_or_the_message()
    {
        var entry = JsonNode.Parse(Format(LogLevel.Error, [new("Level", "info"), new("Message", "all is well")], "broken", null))!.AsObject();
        Assert.Equal("error", (string?)entry["level"]);
        Assert.Equal("broken", (string?)entry["message"]);
    }

    [Fact]
    public void An_exception_is_named_and_its_trace_bounded()
    {
        var line = Format(LogLevel.Critical, [], "broken", new InvalidOperationException(new string('x', 50_000)));
        var entry = JsonNode.Parse(line)!.AsObject();
        Assert.StartsWith("InvalidOperationException", (string?)entry["error"]);
        Assert.Equal(8000, ((string?)entry["trace"])!.Length);
    }

    private static string Format(LogLevel level, IReadOnlyList<KeyValuePair<string, object?>> values, string message, Exception? error)
    {
        using var output = new StringWriter { NewLine = "\n" };
        new JsonLineFormatter().Write(new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(level, "flags", default, values, error, (_, _) => message), null, output);
        return output.ToString();
    }
}
