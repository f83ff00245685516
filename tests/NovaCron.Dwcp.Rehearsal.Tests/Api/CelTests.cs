using System.Text.Json.Nodes;
using CsCheck;
using NovaCron.Dwcp.Rehearsal.Cel;

namespace NovaCron.Dwcp.Rehearsal.Tests.Api;

public sealed class CelTests
{
    private static readonly Dictionary<string, object?> Variables = new()
    {
        ["self"] = JsonNode.Parse("""{"name":"web","size":3,"tags":["a","b"],"map":{"k":"v"},"on":true,"ratio":0.5,"nothing":null}"""),
        ["oldSelf"] = null,
    };

    [Theory]
    [InlineData("self.size == 3 && self.name.startsWith('w')")]
    [InlineData("self.size > 2.5")]
    [InlineData("has(self.name) && !has(self.missing) && !has(self.nothing)")]
    [InlineData("self.tags.all(t, t.size() == 1) && self.tags.exists(t, t == 'b') && self.tags.exists_one(t, t == 'a')")]
    [InlineData("self.tags.map(t, t + '!').join(',') == 'a!,b!'")]
    [InlineData("self.tags.filter(t, t != 'a') == ['b']")]
    [InlineData("'k' in self.map && self.map['k'] == 'v' && 'a' in self.tags && !('z' in self.tags)")]
    [InlineData("self.on ? self.size * 2 + 1 == 7 : false")]
    [InlineData("false && self.missing || true")]
    [InlineData("self.missing == 1 || true")]
    [InlineData("oldSelf == null || self.size >= oldSelf.size")]
    [InlineData("duration('90s') > duration('1m') && timestamp('2026-01-01T00:00:00Z') < timestamp('2026-01-02T00:00:00Z')")]
    [InlineData("self.name.matches('^[a-z]+$') && string(self.size) == '3' && int('4') == 4")]
    [InlineData("self.?missing.orValue('x') == 'x' && self.?name.orValue('x') == 'web'")]
    [InlineData("{'a': 1}['a'] == 1 && [1, 2][1] == 2 && size(self.tags) == 2 && -self.size == -3")]
    [InlineData("r'\\d' == '\\\\d' && \"\\u0041\" == 'A'")]
    [InlineData("self == self && self.tags == ['a', 'b']")]
    public void True_expressions_hold(string expression) => Assert.True(CelProgram.Compile(expression).Holds(Variables));

    [Theory]
    [InlineData("self.missing == 1", "no such key: missing")]
    [InlineData("unknown", "undeclared reference to 'unknown'")]
    [InlineData("self.name + 1", "found no matching overload for '+' applied to '(string, int)'")]
    [InlineData("1 / 0 == 1", "division by zero")]
    [InlineData("self.name", "the expression does not evaluate to bool")]
    [InlineData("self.tags[9] == 'a'", "index out of bounds: 9")]
    public void What_cannot_be_evaluated_says_why(string expression, string message) =>
        Assert.Equal(message, Assert.Throws<CelException>(() => CelProgram.Compile(expression).Holds(Variables)).Message);

    [Fact]
    public void Costly_expressions_end_with_an_error()
    {
        var list = new JsonArray([.. Enumerable.Range(0, 200).Select(static i => (JsonNode)i)]);
        var e = Assert.Throws<CelException>(() => CelProgram.Compile("l.all(a, l.all(b, l.all(c, a + b + c >= 0)))").Holds(new Dictionary<string, object?> { ["l"] = list }));
        Assert.Contains("cost limit", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_an_expression_or_an_error_of_its_own()
    {
        var pieces = Gen.OneOf(new[] { "self", ".", "name", "(", ")", "[", "]", "'a'", "\"", "1", "0x", "&&", "||", "!", "-", "?", ":", "all", "t", ",", "has", "\\", "{", "}", " ", "ü" }.Select(static p => (IGen<string>)Gen.Const(p)).ToArray());
        pieces.Array[0, 25].Sample(static parts =>
        {
            try
            {
                CelProgram.Compile(string.Concat(parts)).Evaluate(Variables);
            }
            catch (CelException)
            {
                return;
            }
        }, iter: 20_000);
    }
}
