using System.Globalization;

namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>Parses expressions by recursive descent, with the precedences of the language.</summary>
internal sealed class CelParser
{
    private const int MaxDepth = 200;
    private static readonly string[][] Levels = [["||"], ["&&"], ["==", "!=", "<", "<=", ">", ">=", "in"], ["+", "-"], ["*", "/", "%"]];

    private readonly List<CelToken> _tokens;
    private int _next;
    private int _depth;

    private CelParser(string text) => _tokens = CelLexer.Split(text);

    /// <exception cref="CelException">The text is no expression.</exception>
    public static CelNode Parse(string text)
    {
        var parser = new CelParser(text);
        var node = parser.Conditional();
        return parser.Peek.Kind == CelTokenKind.End ? node : throw parser.Unexpected();
    }

    private CelToken Peek => _tokens[_next];

    private CelNode Conditional()
    {
        if (++_depth > MaxDepth)
        {
            throw new CelException("the expression is nested too deeply");
        }
        var condition = Binary(0);
        if (Accept("?"))
        {
            var then = Binary(0);
            Expect(":");
            condition = new CelNode.Call("?:", null, [condition, then, Conditional()]);
        }
        _depth--;
        return condition;
    }

    private CelNode Binary(int level)
    {
        if (level == Levels.Length)
        {
            return Unary();
        }
        var left = Binary(level + 1);
        while (Peek.Kind is CelTokenKind.Symbol or CelTokenKind.Identifier && Levels[level].Contains(Peek.Text))
        {
            var symbol = _tokens[_next++].Text;
            left = new CelNode.Call(symbol, null, [left, Binary(level + 1)]);
        }
        return left;
    }

    private CelNode Unary()
    {
        if (Accept("!"))
        {
            return new CelNode.Call("!", null, [Unary()]);
        }
        return Accept("-") ? new CelNode.Call("-", null, [Unary()]) : Member();
    }

    private CelNode Member()
    {
        var node = Primary();
        while (true)
        {
            if (Accept("."))
            {
                var optional = Accept("?");
                var name = Name();
                node = Accept("(") ? new CelNode.Call(name, node, Arguments(")"))
                    : optional ? new CelNode.Call("_?._", node, [new CelNode.Literal(name)])
                    : new CelNode.Select(node, name);
            }
            else if (Accept("["))
            {
                var optional = Accept("?");
                var at = Conditional();
                Expect("]");
                node = optional ? new CelNode.Call("_?._", node, [at]) : new CelNode.Index(node, at);
            }
            else
            {
                return node;
            }
        }
    }

    private CelNode Primary()
    {
        var token = _tokens[_next++];
        switch (token.Kind)
        {
            case CelTokenKind.Text:
                return new CelNode.Literal(token.Text);
            case CelTokenKind.Integer:
                return new CelNode.Literal(long.TryParse(token.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var whole)
                    ? whole : throw new CelException("Syntax error: a number is out of range"));
            case CelTokenKind.Real:
                return new CelNode.Literal(double.Parse(token.Text, CultureInfo.InvariantCulture));
            case CelTokenKind.Identifier:
                switch (token.Text)
                {
                    case "true":
                        return new CelNode.Literal(true);
                    case "false":
                        return new CelNode.Literal(false);
                    case "null":
                        return new CelNode.Literal(null);
                }
                return Accept("(") ? new CelNode.Call(token.Text, null, Arguments(")")) : new CelNode.Variable(token.Text);
            case CelTokenKind.Symbol when token.Text == "(":
                var inner = Conditional();
                Expect(")");
                return inner;
            case CelTokenKind.Symbol when token.Text == "[":
                return new CelNode.List(Arguments("]"));
            case CelTokenKind.Symbol when token.Text == "{":
                return Map();
        }
        _next--;
        throw Unexpected();
    }

    private CelNode.Map Map()
    {
        var entries = new List<(CelNode, CelNode)>();
        while (!Accept("}"))
        {
            var key = Conditional();
            Expect(":");
            entries.Add((key, Conditional()));
            if (!Accept(","))
            {
                Expect("}");
                break;
            }
        }
        return new(entries);
    }

    private List<CelNode> Arguments(string end)
    {
        var arguments = new List<CelNode>();
        while (!Accept(end))
        {
            arguments.Add(Conditional());
            if (!Accept(","))
            {
                Expect(end);
                break;
            }
        }
        return arguments;
    }

    // Kubernetes writes field names that are no identifiers with escapes: foo__dash__bar is foo-bar.
    private string Name()
    {
        if (Peek.Kind != CelTokenKind.Identifier) throw Unexpected();
        return _tokens[_next++].Text.Replace("__underscores__", "\u0001", StringComparison.Ordinal).Replace("__dot__", ".", StringComparison.Ordinal)
            .Replace("__dash__", "-", StringComparison.Ordinal).Replace("__slash__", "/", StringComparison.Ordinal).Replace("\u0001", "__", StringComparison.Ordinal);
    }

    private bool Accept(string symbol)
    {
        if (Peek.Kind == CelTokenKind.Symbol && Peek.Text == symbol)
        {
            _next++;
            return true;
        }
        return false;
    }

    private void Expect(string symbol)
    {
        if (!Accept(symbol))
        {
            throw Unexpected();
        }
    }

    private CelException Unexpected() => new($"Syntax error: mismatched input '{(Peek.Kind == CelTokenKind.End ? "<EOF>" : Peek.Text)}' at {Peek.At}");
}
