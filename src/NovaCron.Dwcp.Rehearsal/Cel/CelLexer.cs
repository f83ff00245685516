using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Rehearsal.Cel;

/// <summary>Splits an expression into tokens.</summary>
internal static class CelLexer
{
    private static readonly string[] Symbols =
        ["&&", "||", "==", "!=", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", ":", "?", "!", "<", ">", "+", "-", "*", "/", "%"];

    /// <exception cref="CelException">Something that is no token.</exception>
    public static List<CelToken> Split(string text)
    {
        var tokens = new List<CelToken>();
        var at = 0;
        while (at < text.Length)
        {
            var c = text[at];
            if (char.IsWhiteSpace(c))
            {
                at++;
            }
            else if (c == '/' && at + 1 < text.Length && text[at + 1] == '/')
            {
                at = text.IndexOf('\n', at) is >= 0 and var end ? end : text.Length;
            }
            else if (c is '"' or '\'' || (c is 'r' or 'b' && at + 1 < text.Length && text[at + 1] is '"' or '\''))
            {
                tokens.Add(ReadText(text, ref at));
            }
            else if (char.IsAsciiDigit(c))
            {
                tokens.Add(ReadNumber(text, ref at));
            }
            else if (char.IsAsciiLetter(c) || c == '_')
            {
                var start = at;
                while (at < text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_'))
                {
                    at++;
                }
                tokens.Add(new(CelTokenKind.Identifier, text[start..at], start));
            }
            else
            {
                var symbol = Symbols.FirstOrDefault(s => string.CompareOrdinal(text, at, s, 0, s.Length) == 0)
                    ?? throw new CelException($"Syntax error: token recognition error at: '{c}'");
                tokens.Add(new(CelTokenKind.Symbol, symbol, at));
                at += symbol.Length;
            }
        }
        tokens.Add(new(CelTokenKind.End, "", text.Length));
        return tokens;
    }

    private static CelToken ReadNumber(string text, ref int at)
    {
        var start = at;
        if (text[at] == '0' && at + 1 < text.Length && text[at + 1] is 'x' or 'X')
        {
            at += 2;
            while (at < text.Length && char.IsAsciiHexDigit(text[at]))
            {
                at++;
            }
            return long.TryParse(text.AsSpan(start + 2, at - start - 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var hex)
                ? new(CelTokenKind.Integer, hex.ToString(CultureInfo.InvariantCulture), start)
                : throw new CelException("Syntax error: a broken hexadecimal number");
        }
        var real = false;
        while (at < text.Length && (char.IsAsciiDigit(text[at]) || (text[at] == '.' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]))
            || text[at] is 'e' or 'E' || (text[at] is '+' or '-' && text[at - 1] is 'e' or 'E')))
        {
            real |= text[at] is '.' or 'e' or 'E';
            at++;
        }
        var value = text[start..at];
        if (at < text.Length && text[at] == 'u')
        {
            at++; // An unsigned literal; numbers here have one kind.
        }
        return new(real ? CelTokenKind.Real : CelTokenKind.Integer, value, start);
    }

    private static CelToken ReadText(string text, ref int at)
    {
        var start = at;
        var raw = text[at] == 'r';
        if (text[at] is 'r' or 'b')
        {
            at++;
        }
        var quote = text[at];
        var triple = string.CompareOrdinal(text, at, new string(quote, 3), 0, 3) == 0;
        at += triple ? 3 : 1;
        var value = new StringBuilder();
        while (true)
        {
            if (at >= text.Length)
            {
                throw new CelException("Syntax error: a string does not end");
            }
            var c = text[at];
            if (c == quote && (!triple || string.CompareOrdinal(text, at, new string(quote, 3), 0, 3) == 0))
            {
                at += triple ? 3 : 1;
                return new(CelTokenKind.Text, value.ToString(), start);
            }
            if (c == '\\' && !raw && at + 1 < text.Length)
            {
                value.Append(Escaped(text, ref at));
                continue;
            }
            value.Append(c);
            at++;
        }
    }

    private static string Escaped(string text, ref int at)
    {
        var kind = text[at + 1];
        at += 2;
        switch (kind)
        {
            case 'n': return "\n";
            case 't': return "\t";
            case 'r': return "\r";
            case 'x' or 'u' or 'U':
                var length = kind switch { 'x' => 2, 'u' => 4, _ => 8 };
                if (at + length > text.Length || !int.TryParse(text.AsSpan(at, length), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var code)
                    || !Rune.IsValid(code))
                {
                    throw new CelException("Syntax error: a broken escape in a string");
                }
                at += length;
                return char.ConvertFromUtf32(code);
            case '\\' or '"' or '\'' or '`' or '?':
                return kind.ToString();
            default:
                throw new CelException($"Syntax error: unknown escape '\\{kind}'");
        }
    }
}
