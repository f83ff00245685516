using System.Collections;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>Operators, functions and methods.</summary>
internal static partial class CelFunctions
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromMilliseconds(200);

    public static object? Call(string name, IReadOnlyList<object?> a) => (name, a) switch
    {
        ("==", [var l, var r]) => AreEqual(l, r),
        ("!=", [var l, var r]) => !AreEqual(l, r),
        ("<", [var l, var r]) => Compare(l, r) < 0,
        ("<=", [var l, var r]) => Compare(l, r) <= 0,
        (">", [var l, var r]) => Compare(l, r) > 0,
        (">=", [var l, var r]) => Compare(l, r) >= 0,
        ("in", [var item, var set]) => set is JsonObject or IDictionary ? Elements(set).Any(k => AreEqual(k, item)) : Elements(set).Any(e => AreEqual(e, item)),
        ("!", [bool b]) => !b,
        ("-", [long n]) => checked(-n),
        ("-", [double n]) => -n,
        ("+", [string l, string r]) => l + r,
        ("+", [DateTimeOffset l, TimeSpan r]) => l + r,
        ("+", [TimeSpan l, TimeSpan r]) => l + r,
        ("-", [DateTimeOffset l, DateTimeOffset r]) => l - r,
        ("-", [DateTimeOffset l, TimeSpan r]) => l - r,
        ("-", [TimeSpan l, TimeSpan r]) => l - r,
        ("+", [var l, var r]) when IsList(l) && IsList(r) => Elements(l).Concat(Elements(r)).ToList(),
        ("+" or "-" or "*" or "/" or "%", [long l, long r]) => Whole(name, l, r),
        ("+" or "-" or "*" or "/", [double l, double r]) => name switch { "+" => l + r, "-" => l - r, "*" => l * r, _ => l / r },
        ("size", [var value]) => Size(value),
        ("string", [var value]) => Text(value),
        ("int", [var value]) => ToInteger(value),
        ("double", [var value]) => ToReal(value),
        ("bool", [var value]) => value is bool b ? b : value is string s && bool.TryParse(s, out var parsed) ? parsed : throw Overload(name, a),
        ("type", [var value]) => TypeName(value),
        ("dyn", [var value]) => value,
        ("duration", [string text]) => Duration(text),
        ("timestamp", [string text]) => DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time : throw new CelException($"invalid timestamp: {text}"),
        ("timestamp", [DateTimeOffset time]) => time,
        ("isQuantity", [string text]) => Schemas.QuantityText.TryParse(text, out _),
        ("quantity", [string text]) => Schemas.QuantityText.TryParse(text, out var amount) ? amount : throw new CelException($"invalid quantity: {text}"),
        _ => throw Overload(name, a),
    };

    public static object? Method(string name, object? target, IReadOnlyList<object?> a)
    {
        if (target is CelOptional optional)
        {
            return name switch
            {
                "orValue" => optional.HasValue ? optional.Value : a[0],
                "hasValue" => optional.HasValue,
                "value" => optional.HasValue ? optional.Value : throw new CelException("optional.none() dereference"),
                _ => throw Overload(name, a),
            };
        }
        if (target is ICelObject own)
        {
            return own.Call(name, a);
        }
        if (target is string text)
        {
            return OfText(name, text, a);
        }
        return (name, target, a) switch
        {
            ("size", _, []) => Size(target),
            ("isSorted", _, []) => Elements(target).Zip(Elements(target).Skip(1)).All(static p => Compare(p.First, p.Second) <= 0),
            ("sum", _, []) => Elements(target).Aggregate((object?)0L, static (s, e) => e is double d ? ToReal(s) + d : Call("+", [s, e])),
            ("min", _, []) => Elements(target).Aggregate(static (x, y) => Compare(x, y) <= 0 ? x : y),
            ("max", _, []) => Elements(target).Aggregate(static (x, y) => Compare(x, y) >= 0 ? x : y),
            ("indexOf", _, [var item]) => (long)Elements(target).ToList().FindIndex(e => AreEqual(e, item)),
            ("join", _, []) => string.Concat(Elements(target).Select(Text)),
            ("join", _, [string separator]) => string.Join(separator, Elements(target).Select(Text)),
            ("isGreaterThan", decimal l, [decimal r]) => l > r,
            ("isLessThan", decimal l, [decimal r]) => l < r,
            ("compareTo", decimal l, [decimal r]) => (long)l.CompareTo(r),
            ("getSeconds", TimeSpan span, []) => (long)span.TotalSeconds,
            ("getMinutes", TimeSpan span, []) => (long)span.TotalMinutes,
            ("getHours", TimeSpan span, []) => (long)span.TotalHours,
            ("getFullYear", DateTimeOffset time, []) => (long)time.UtcDateTime.Year,
            _ => throw Overload(name, a),
        };
    }

    /// <summary>Elements of a list, or keys of a map.</summary>
    public static IEnumerable<object?> Elements(object? value) => value switch
    {
        JsonArray array => array.Select(CelProgram.FromJson),
        JsonObject obj => obj.Select(static p => (object?)p.Key),
        List<object?> list => list,
        IDictionary map => map.Keys.Cast<object?>(),
        _ => throw new CelException($"no such overload: expected a list or a map, got {TypeName(value)}"),
    };

    private static object? OfText(string name, string text, IReadOnlyList<object?> a) => (name, a) switch
    {
        ("size", []) => Size(text),
        ("startsWith", [string s]) => text.StartsWith(s, StringComparison.Ordinal),
        ("endsWith", [string s]) => text.EndsWith(s, StringComparison.Ordinal),
        ("contains", [string s]) => text.Contains(s, StringComparison.Ordinal),
        ("matches", [string pattern]) => Matches(text, pattern),
        ("lowerAscii", []) => text.ToLowerInvariant(),
        ("upperAscii", []) => text.ToUpperInvariant(),
        ("trim", []) => text.Trim(),
        ("indexOf", [string s]) => (long)text.IndexOf(s, StringComparison.Ordinal),
        ("lastIndexOf", [string s]) => (long)text.LastIndexOf(s, StringComparison.Ordinal),
        ("replace", [string from, string to]) => text.Replace(from, to, StringComparison.Ordinal),
        ("split", [string s]) => text.Split(s).Select(static p => (object?)p).ToList(),
        ("substring", [long from]) when from >= 0 && from <= text.Length => text[(int)from..],
        ("substring", [long from, long to]) when from >= 0 && from <= to && to <= text.Length => text[(int)from..(int)to],
        _ => throw Overload(name, a),
    };

    private static bool Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.CultureInvariant, MatchLimit);
        }
        catch (ArgumentException e)
        {
            throw new CelException("error parsing regexp: " + e.Message);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new CelException("operation cancelled: a match took too long");
        }
    }

    private static bool AreEqual(object? l, object? r)
    {
        if (l is JsonNode left && r is JsonNode right)
        {
            return JsonNode.DeepEquals(left, right);
        }
        if (l is long or double && r is long or double)
        {
            return ToReal(l).Equals(ToReal(r));
        }
        if (IsList(l) && IsList(r))
        {
            var (x, y) = (Elements(l).ToList(), Elements(r).ToList());
            return x.Count == y.Count && x.Zip(y).All(static p => AreEqual(p.First, p.Second));
        }
        return Equals(l, r);
    }

    private static int Compare(object? l, object? r) => (l, r) switch
    {
        (long x, long y) => x.CompareTo(y),
        (long or double, long or double) => ToReal(l).CompareTo(ToReal(r)),
        (string x, string y) => string.CompareOrdinal(x, y),
        (bool x, bool y) => x.CompareTo(y),
        (TimeSpan x, TimeSpan y) => x.CompareTo(y),
        (DateTimeOffset x, DateTimeOffset y) => x.CompareTo(y),
        _ => throw new CelException($"no such overload: {TypeName(l)} cannot be compared to {TypeName(r)}"),
    };

    private static object Whole(string operation, long l, long r)
    {
        try
        {
            return operation switch
            {
                "+" => checked(l + r), "-" => checked(l - r), "*" => checked(l * r), "/" => l / r, _ => l % r,
            };
        }
        catch (ArithmeticException)
        {
            throw new CelException(r == 0 ? "division by zero" : "return error for overflow");
        }
    }

    private static long Size(object? value) => value is string text ? new StringInfo(text).LengthInTextElements : Elements(value).LongCount();

    private static bool IsList(object? value) => value is JsonArray or List<object?>;

    private static string Text(object? value) => value switch
    {
        bool b => b ? "true" : "false",
        TimeSpan span => span.TotalSeconds.ToString(CultureInfo.InvariantCulture) + "s",
        DateTimeOffset time => Storage.JsonDocuments.Timestamp(time),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static long ToInteger(object? value) => value switch
    {
        long n => n,
        double n when Math.Abs(n) < 1L << 62 => (long)n,
        string s when long.TryParse(s, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) => n,
        DateTimeOffset time => time.ToUnixTimeSeconds(),
        _ => throw new CelException($"cannot convert {TypeName(value)} to int"),
    };

    private static double ToReal(object? value) => value switch
    {
        long n => n,
        double n => n,
        string s when double.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) => n,
        _ => throw new CelException($"cannot convert {TypeName(value)} to double"),
    };

    private static TimeSpan Duration(string text)
    {
        var match = DurationText().Match(text);
        if (!match.Success || text.Length == 0)
        {
            throw new CelException($"invalid duration: {text}");
        }
        var total = TimeSpan.Zero;
        for (var i = 0; i < match.Groups["n"].Captures.Count; i++)
        {
            var n = double.Parse(match.Groups["n"].Captures[i].Value, CultureInfo.InvariantCulture);
            total += match.Groups["u"].Captures[i].Value switch
            {
                "h" => TimeSpan.FromHours(n), "m" => TimeSpan.FromMinutes(n), "s" => TimeSpan.FromSeconds(n), "ms" => TimeSpan.FromMilliseconds(n),
                "us" => TimeSpan.FromMicroseconds(n), _ => TimeSpan.FromMicroseconds(n / 1000),
            };
        }
        return text[0] == '-' ? -total : total;
    }

    private static string TypeName(object? value) => value switch
    {
        null => "null_type", bool => "bool", long => "int", double => "double", string => "string", TimeSpan => "google.protobuf.Duration",
        DateTimeOffset => "google.protobuf.Timestamp", JsonArray or List<object?> => "list", _ => "map",
    };

    private static CelException Overload(string name, IReadOnlyList<object?> arguments) =>
        new($"found no matching overload for '{name}' applied to '({string.Join(", ", arguments.Select(TypeName))})'");

    [GeneratedRegex(@"^-?(?:(?<n>\d+(?:\.\d+)?)(?<u>h|ms|us|ns|m|s))+$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex DurationText();
}
