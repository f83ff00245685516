using System.Globalization;

namespace NovaCron.Dwcp.Rehearsal.Tables;

/// <summary>Durations as kubectl prints them.</summary>
internal static class Ages
{
    /// <summary>The time since <paramref name="timestamp"/>, such as <c>5m10s</c>; <c>&lt;unknown&gt;</c> without one.</summary>
    public static string Since(string? timestamp, DateTimeOffset now) =>
        DateTimeOffset.TryParse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var then) ? Text(now - then) : "<unknown>";

    /// <summary>A duration with the precision that its size deserves: <c>119s</c>, <c>9m30s</c>, <c>59m</c>, <c>7h15m</c>, <c>47h</c>, <c>7d3h</c>, <c>300d</c>.</summary>
    public static string Text(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        switch (seconds)
        {
            case < -1:
                return "<invalid>";
            case < 0:
                return "0s";
            case < 120:
                return $"{seconds}s";
        }
        var minutes = seconds / 60;
        if (minutes < 10)
        {
            return Two(minutes, "m", seconds % 60, "s");
        }
        if (minutes < 180)
        {
            return $"{minutes}m";
        }
        var hours = minutes / 60;
        if (hours < 8)
        {
            return Two(hours, "h", minutes % 60, "m");
        }
        if (hours < 48)
        {
            return $"{hours}h";
        }
        var days = hours / 24;
        return hours < 192 ? Two(days, "d", hours % 24, "h") : days < 365 * 2 ? $"{days}d" : days < 365 * 8 ? Two(days / 365, "y", days % 365, "d") : $"{days / 365}y";
    }

    private static string Two(long large, string largeUnit, long small, string smallUnit) =>
        small == 0 ? large + largeUnit : large + largeUnit + small + smallUnit;
}
