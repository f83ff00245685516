using System.Text.Json;

namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>The course of a rollout at bounded size: when it is full, every second point of the older half is dropped.</summary>
public static class RolloutSeries
{
    /// <summary>Most points kept; about 60 KB of JSON.</summary>
    public const int Capacity = 720;

    public static void Append(List<RolloutPoint> series, RolloutPoint point)
    {
        series.Add(point);
        if (series.Count <= Capacity) return;
        var half = series.Count / 2;
        var kept = series.Where((_, i) => i >= half || i % 2 == 0).ToList();
        series.Clear();
        series.AddRange(kept);
    }

    /// <summary>The series in the guardian's evidence document; empty without one.</summary>
    /// <exception cref="JsonException">The document is not the guardian's.</exception>
    public static IReadOnlyList<RolloutPoint> Parse(RolloutDocument? document) =>
        document is null ? [] : JsonSerializer.Deserialize<GuardianMemory>(document.Text, RolloutJson.Options)?.Series ?? [];
}
