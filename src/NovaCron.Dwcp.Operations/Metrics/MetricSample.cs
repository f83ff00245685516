namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>One line of an exposition: a name, its labels in order of appearance, a value (which may be NaN or infinite).</summary>
public sealed record MetricSample(string Name, IReadOnlyList<KeyValuePair<string, string>> Labels, double Value)
{
    /// <summary>The value of a label, or null.</summary>
    public string? Label(string name)
    {
        foreach (var (key, value) in Labels)
            if (key == name) return value;
        return null;
    }
}
