using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Transport.Scheduling;

/// <summary>ASS as measured.</summary>
public sealed class AssComponent : IDwcpComponent
{
    /// <inheritdoc/>
    public string Name => "ASS";

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() => throw new NotImplementedException();

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => throw new NotImplementedException();
}
