using System.Globalization;
using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Node.Tests.Metrics;

/// <summary>Parses the Prometheus text format strictly, with the rules that promtool's linter has for names and types.</summary>
internal sealed partial class Exposition
{
    public Dictionary<string, string> Types { get; } = [];

    public Dictionary<string, double> Samples { get; } = [];

    public static Exposition Parse(string text)
    {
        var parsed = new Exposition();
        var help = new HashSet<string>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.StartsWith("# HELP ", StringComparison.Ordinal))
            {
                var parts = line.Split(' ', 4);
                Assert.True(parts.Length == 4 && parts[3].Length > 10, $"no help text: {line}");
                Assert.True(help.Add(parts[2]), $"help twice: {line}");
            }
            else if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                var parts = line.Split(' ');
                Assert.Contains(parts[3], (string[])["counter", "gauge", "histogram", "summary"]);
                Assert.True(parsed.Types.TryAdd(parts[2], parts[3]), $"type twice: {line}");
            }
            else
            {
                var match = Sample().Match(line);
                Assert.True(match.Success, $"not a sample: {line}");
                var name = match.Groups["name"].Value;
                var family = parsed.Types.ContainsKey(name) ? name : Suffix().Replace(name, "");
                Assert.True(parsed.Types.TryGetValue(family, out var type), $"no type for {line}");
                Assert.Contains(family, help);
                if (type == "counter") Assert.EndsWith("_total", family);
                else Assert.False(family.EndsWith("_total", StringComparison.Ordinal), $"{type} named as a counter: {family}");
                var value = match.Groups["value"].Value switch
                {
                    "NaN" or "Nan" => double.NaN,
                    "+Inf" => double.PositiveInfinity,
                    "-Inf" => double.NegativeInfinity,
                    var number => double.Parse(number, CultureInfo.InvariantCulture),
                };
                Assert.True(parsed.Samples.TryAdd(name + match.Groups["labels"].Value, value), $"sample twice: {line}");
            }
        }

        return parsed;
    }

    [GeneratedRegex("""^(?<name>[a-z_][a-z0-9_]*)(?<labels>\{[a-z_][a-z0-9_]*="(?:[^"\\]|\\.)*"(?:,[a-z_][a-z0-9_]*="(?:[^"\\]|\\.)*")*\})? (?<value>[^ ]+)$""")]
    private static partial Regex Sample();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
