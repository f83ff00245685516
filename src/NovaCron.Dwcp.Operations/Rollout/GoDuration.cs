using System.Globalization;
using System.Text;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>Durations in Go's notation (<c>time.ParseDuration</c>), which Kubernetes uses: a sequence of numbers with the units h, m, s, ms, us, ns.</summary>
public static class GoDuration
{
    private static readonly (string Unit, double Ticks)[] Units =
    [
        ("ns", 0.01), ("us", 10), ("µs", 10), ("ms", TimeSpan.TicksPerMillisecond), ("s", TimeSpan.TicksPerSecond),
        ("m", TimeSpan.TicksPerMinute), ("h", TimeSpan.TicksPerHour),
    ];

    public static bool TryParse(string? text, out TimeSpan value)
    {
        value = default;
        if (string.IsNullOrEmpty(text)) return false;
        var rest = text.AsSpan();
        var negative = rest[0] == '-';
        if (rest[0] is '-' or '+') rest = rest[1..];
        if (rest is "0") return true;
        if (rest.IsEmpty) return false;
        double ticks = 0;
        while (!rest.IsEmpty)
        {
            var digits = 0;
            while (digits < rest.Length && (char.IsAsciiDigit(rest[digits]) || rest[digits] == '.')) digits++;
            if (!double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)) return false;
            rest = rest[digits..];
            var letters = 0;
            while (letters < rest.Length && rest[letters] != '.' && !char.IsAsciiDigit(rest[letters])) letters++;
            var unit = rest[..letters];
            rest = rest[letters..];
            var factor = 0d;
            foreach (var (name, size) in Units)
                if (unit.SequenceEqual(name)) factor = size;
            if (factor == 0) return false;
            ticks += number * factor;
        }
        if (ticks > long.MaxValue / 2) return false;
        value = TimeSpan.FromTicks((long)Math.Round(negative ? -ticks : ticks));
        return true;
    }

    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero) return "0s";
        var text = new StringBuilder();
        if (value < TimeSpan.Zero) text.Append('-');
        var rest = value.Duration();
        if (rest.Ticks >= TimeSpan.TicksPerHour) text.Append(CultureInfo.InvariantCulture, $"{rest.Ticks / TimeSpan.TicksPerHour}h");
        if (rest.Minutes > 0) text.Append(CultureInfo.InvariantCulture, $"{rest.Minutes}m");
        var ticks = rest.Ticks % TimeSpan.TicksPerMinute;
        if (ticks > 0) text.Append(((decimal)ticks / TimeSpan.TicksPerSecond).ToString("0.#######", CultureInfo.InvariantCulture)).Append('s');
        return text.ToString();
    }
}
