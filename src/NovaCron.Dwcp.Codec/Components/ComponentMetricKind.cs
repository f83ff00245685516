namespace NovaCron.Dwcp.Codec.Components;

/// <summary>How a metric's value moves.</summary>
public enum ComponentMetricKind
{
    /// <summary>Only grows while the process lives.</summary>
    Counter,

    /// <summary>A level at the moment of reading.</summary>
    Gauge,
}
