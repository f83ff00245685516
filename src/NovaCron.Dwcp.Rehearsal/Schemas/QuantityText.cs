using System.Globalization;

namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>Amounts with Kubernetes' suffixes, such as <c>100m</c>, <c>1.5Gi</c> or <c>2e3</c>.</summary>
public static class QuantityText
{
    private static readonly Dictionary<string, decimal> Suffixes = new(StringComparer.Ordinal)
    {
        ["n"] = 1e-9m, ["u"] = 1e-6m, ["m"] = 1e-3m, [""] = 1, ["k"] = 1e3m, ["M"] = 1e6m, ["G"] = 1e9m, ["T"] = 1e12m, ["P"] = 1e15m, ["E"] = 1e18m,
        ["Ki"] = 1L << 10, ["Mi"] = 1L << 20, ["Gi"] = 1L << 30, ["Ti"] = 1L << 40, ["Pi"] = 1L << 50, ["Ei"] = 1L << 60,
    };

    /// <summary>Reads a quantity.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">Its value in base units.</param>
    public static bool TryParse(string text, out decimal value)
    {
        value = 0;
        var digits = text.AsSpan().IndexOfAnyExcept("+-.0123456789");
        if (digits < 0)
        {
            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
        }
        if (text[digits] is 'e' or 'E' && text.Length > digits + 1)
        {
            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);
        }
        if (!decimal.TryParse(text.AsSpan(0, digits), NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            || !Suffixes.TryGetValue(text[digits..], out var factor)
            || Math.Abs(number) > decimal.MaxValue / 2 / Math.Max(factor, 1))
        {
            return false;
        }
        value = number * factor;
        return true;
    }
}
