using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>ACP as measured.</summary>
public sealed class AcpComponent : IDwcpComponent
{
    /// <inheritdoc/>
    public string Name => "ACP";

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() => throw new NotImplementedException();

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => throw new NotImplementedException();
}
