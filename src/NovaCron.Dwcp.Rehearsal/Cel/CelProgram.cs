using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using NovaCron.Dwcp.Rehearsal.Storage;

namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>
/// An expression of the Common Expression Language, as admission policies and CRD validation rules use it: operators, field
/// selection, <c>has</c>, comprehension macros (<c>all</c>, <c>exists</c>, <c>exists_one</c>, <c>filter</c>, <c>map</c>), text and
/// list functions, durations and timestamps, optionals in their <c>?.</c>/<c>orValue</c> form. Evaluated without type
/// checking beforehand; a function outside this subset is an error when it is reached.
/// </summary>
public sealed class CelProgram
{
    private const int MaxCached = 4096;
    private static readonly ConcurrentDictionary<string, CelProgram> Cache = new(StringComparer.Ordinal);

    private readonly CelNode _root;

    private CelProgram(CelNode root) => _root = root;

    /// <summary>Reads an expression.</summary>
    /// <exception cref="CelException">It is malformed.</exception>
    public static CelProgram Compile(string expression)
    {
        if (Cache.TryGetValue(expression, out var known))
        {
            return known;
        }
        var program = new CelProgram(CelParser.Parse(expression));
        if (Cache.Count < MaxCached)
        {
            Cache[expression] = program;
        }
        return program;
    }

    /// <summary>Evaluates the expression.</summary>
    /// <param name="variables">Its variables: JSON nodes, text, numbers, booleans, or <c>Func&lt;object?&gt;</c> for lazy values.</param>
    /// <exception cref="CelException">A field does not exist, types do not fit, or the cost limit is exceeded.</exception>
    public object? Evaluate(IReadOnlyDictionary<string, object?> variables) => new CelEvaluator(variables).Evaluate(_root);

    /// <summary>Evaluates an expression that must be true or false.</summary>
    /// <exception cref="CelException">It is neither, or cannot be evaluated.</exception>
    public bool Holds(IReadOnlyDictionary<string, object?> variables) =>
        Evaluate(variables) is bool value ? value : throw new CelException("the expression does not evaluate to bool");

    internal static object? FromJson(JsonNode? node)
    {
        switch (node)
        {
            case null:
                return null;
            case JsonValue value:
                return value.GetValueKind() switch
                {
                    JsonValueKind.String => value.ToString(),
                    JsonValueKind.True => true,
                    JsonValueKind.False => false,
                    JsonValueKind.Number => value.AsInteger() is { } whole ? (object)whole : value.GetValue<double>(),
                    _ => null,
                };
            default:
                return node;
        }
    }
}
