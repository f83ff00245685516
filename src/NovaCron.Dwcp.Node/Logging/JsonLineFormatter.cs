using System.Buffers;
using System.Text.Encodings.Web;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace NovaCron.Dwcp.Node.Logging;

/// <summary>
/// One JSON object a line: <c>time</c>, <c>level</c>, <c>logger</c>, <c>message</c>, the message's values under their names, and <c>error</c>.
/// </summary>
internal sealed class JsonLineFormatter() : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "dwcp-json";

    /// <summary>Longest stack trace that is written, characters: a line must stay a line that collectors take.</summary>
    private const int LongestTrace = 8000;

    private static readonly HashSet<string> Reserved = ["time", "level", "logger", "message", "error", "trace"];
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter output)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture));
            json.WriteString("level", LevelName(entry.LogLevel));
            json.WriteString("logger", entry.Category);
            json.WriteString("message", entry.Formatter(entry.State, entry.Exception));
            if (entry.State is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                foreach (var (name, value) in values)
                {
                    if (name == "{OriginalFormat}") continue;
                    var key = JsonNamingPolicy.CamelCase.ConvertName(name);
                    if (!Reserved.Contains(key)) WriteValue(json, key, value);
                }
            }

            if (entry.Exception is { } error)
            {
                json.WriteString("error", $"{error.GetType().Name}: {error.Message}");
                var trace = error.ToString();
                json.WriteString("trace", trace.Length <= LongestTrace ? trace : trace[..LongestTrace]);
            }

            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static string LevelName(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        _ => "critical",
    };

    private static void WriteValue(Utf8JsonWriter json, string key, object? value)
    {
        switch (value)
        {
            case null: json.WriteNull(key); break;
            case bool flag: json.WriteBoolean(key, flag); break;
            case int number: json.WriteNumber(key, number); break;
            case long number: json.WriteNumber(key, number); break;
            case double number when double.IsFinite(number): json.WriteNumber(key, number); break;
            case IFormattable formattable: json.WriteString(key, formattable.ToString(null, System.Globalization.CultureInfo.InvariantCulture)); break;
            default: json.WriteString(key, value.ToString()); break;
        }
    }
}
