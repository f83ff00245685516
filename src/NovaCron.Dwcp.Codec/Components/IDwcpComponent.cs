namespace NovaCron.Dwcp.Codec.Components;

/// <summary>One of the six named parts of DWCP v3, as seen by metrics and diagnostics.</summary>
public interface IDwcpComponent
{
    /// <summary>Its name: AMST, HDE, PBA, ASS, ACP or ITP.</summary>
    string Name { get; }

    /// <summary>Its figures now; counters are of this process, since its start.</summary>
    IReadOnlyList<ComponentMetric> ReadMetrics();

    /// <summary>Exercises the component's real code on small known inputs; at most a second or two.</summary>
    ComponentSelfTest RunSelfTest(CancellationToken ct);
}
