using System.Collections;
using System.Text.Json.Nodes;

namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>Walks a parsed expression. Values are null, bool, long, double, string, TimeSpan, DateTimeOffset, lists, maps and JSON nodes.</summary>
internal sealed class CelEvaluator(IReadOnlyDictionary<string, object?> variables)
{
    // Steps; far above what a sensible rule needs, far below what would hold a request up.
    private const int MaxSteps = 1_000_000;

    private static readonly HashSet<string> Macros = ["all", "exists", "exists_one", "filter", "map"];

    private readonly Dictionary<string, object?> _locals = new(StringComparer.Ordinal);
    private int _steps;

    public object? Evaluate(CelNode node)
    {
        if (++_steps > MaxSteps)
        {
            throw new CelException("operation cancelled: actual cost limit exceeded");
        }
        return node switch
        {
            CelNode.Literal literal => literal.Value,
            CelNode.Variable variable => Variable(variable.Name),
            CelNode.Select select => Select(Evaluate(select.Target), select.Field),
            CelNode.Index index => At(Evaluate(index.Target), Evaluate(index.At)),
            CelNode.List list => list.Items.Select(Evaluate).ToList(),
            CelNode.Map map => map.Entries.ToDictionary(e => Evaluate(e.Key) ?? throw new CelException("a map key is null"), e => Evaluate(e.Value)),
            CelNode.Call call => Call(call),
            _ => throw new CelException("unsupported expression"),
        };
    }

    private object? Variable(string name)
    {
        if (!_locals.TryGetValue(name, out var value) && !variables.TryGetValue(name, out value))
        {
            throw new CelException($"undeclared reference to '{name}'");
        }
        return value switch { Func<object?> lazy => Normal(lazy()), _ => Normal(value) };
    }

    private object? Call(CelNode.Call call)
    {
        switch (call.Name)
        {
            case "&&":
                return Logic(call.Arguments, decisive: false);
            case "||":
                return Logic(call.Arguments, decisive: true);
            case "?:":
                return Evaluate(call.Arguments[Truth(Evaluate(call.Arguments[0])) ? 1 : 2]);
            case "has" when call is { Target: null, Arguments: [CelNode.Select select] }:
                return Has(Evaluate(select.Target), select.Field);
            case "_?._":
                var target = Evaluate(call.Target!);
                target = target is CelOptional chained ? chained.Value : target;
                var key = Evaluate(call.Arguments[0]);
                return target is not null && TryAt(target, key, out var found) ? new CelOptional(found, true) : CelOptional.None;
        }
        if (call.Target is not null && Macros.Contains(call.Name) && call.Arguments is [CelNode.Variable item, ..] && call.Arguments.Count is 2 or 3)
        {
            return Macro(call, item.Name);
        }
        if (call.Target is CelNode.Variable { Name: "optional" } && call.Name is "of" or "none" or "ofNonZeroValue" && !variables.ContainsKey("optional"))
        {
            return call.Name == "none" ? CelOptional.None : new CelOptional(Evaluate(call.Arguments[0]), true);
        }
        var arguments = call.Arguments.Select(Evaluate).ToList();
        return call.Target is null ? CelFunctions.Call(call.Name, arguments) : CelFunctions.Method(call.Name, Evaluate(call.Target), arguments);
    }

    // Both sides may fail as long as the other one decides; that is how the language defines these operators.
    private object Logic(IReadOnlyList<CelNode> sides, bool decisive)
    {
        CelException? failure = null;
        foreach (var side in sides)
        {
            try
            {
                if (Truth(Evaluate(side)) == decisive)
                {
                    return decisive;
                }
            }
            catch (CelException e) when (failure is null && _steps <= MaxSteps)
            {
                failure = e;
            }
        }
        return failure is null ? !decisive : throw failure;
    }

    private object? Macro(CelNode.Call call, string item)
    {
        var target = Evaluate(call.Target!);
        var elements = CelFunctions.Elements(target);
        var shadowed = _locals.TryGetValue(item, out var outer);
        var (matches, results) = (0, new List<object?>());
        CelException? failure = null;
        try
        {
            foreach (var element in elements)
            {
                _locals[item] = element;
                if (call.Name == "map")
                {
                    if (call.Arguments.Count == 2 || Truth(Evaluate(call.Arguments[1])))
                    {
                        results.Add(Evaluate(call.Arguments[^1]));
                    }
                    continue;
                }
                try
                {
                    if (Truth(Evaluate(call.Arguments[1])))
                    {
                        matches++;
                        results.Add(element);
                        if (call.Name == "exists")
                        {
                            return true;
                        }
                    }
                    else if (call.Name == "all")
                    {
                        return false;
                    }
                }
                catch (CelException e) when (call.Name is "all" or "exists" && _steps <= MaxSteps)
                {
                    failure ??= e;
                }
            }
        }
        finally
        {
            _locals.Remove(item);
            if (shadowed)
            {
                _locals[item] = outer;
            }
        }
        return failure is not null ? throw failure : call.Name switch
        {
            "all" => true, "exists" => false, "exists_one" => matches == 1, _ => results,
        };
    }

    private static bool Truth(object? value) => value is bool truth ? truth : throw new CelException("no such overload: expected bool");

    private static object? Select(object? target, string field)
    {
        if (target is CelOptional optional)
        {
            return optional.HasValue && TryAt(optional.Value, field, out var inner) ? new CelOptional(inner, true) : CelOptional.None;
        }
        return TryAt(target, field, out var value) ? value : throw new CelException($"no such key: {field}");
    }

    private static bool Has(object? target, string field) =>
        TryAt(target is CelOptional optional ? optional.Value : target, field, out var value) && value is not null;

    private static object? At(object? target, object? key)
    {
        if (TryAt(target, key, out var value))
        {
            return value;
        }
        throw new CelException(key is long ? $"index out of bounds: {key}" : $"no such key: {key}");
    }

    private static bool TryAt(object? target, object? key, out object? value)
    {
        value = null;
        switch (target, key)
        {
            case (JsonObject obj, string name):
                var present = obj.TryGetPropertyValue(name, out var node);
                value = CelProgram.FromJson(node);
                return present;
            case (JsonArray array, long index) when index >= 0 && index < array.Count:
                value = CelProgram.FromJson(array[(int)index]);
                return true;
            case (List<object?> list, long index) when index >= 0 && index < list.Count:
                value = list[(int)index];
                return true;
            case (IReadOnlyDictionary<string, object?> map, string name):
                var found = map.TryGetValue(name, out value);
                value = value is Func<object?> lazy ? Normal(lazy()) : Normal(value);
                return found;
            case (IDictionary map, not null) when map.Contains(key):
                value = map[key];
                return true;
            default:
                return false;
        }
    }

    private static object? Normal(object? value) => value switch
    {
        JsonNode node => CelProgram.FromJson(node),
        int number => (long)number,
        IReadOnlyList<string> texts => texts.Select(static t => (object?)t).ToList(),
        _ => value,
    };
}
