using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>ITP as measured.</summary>
public sealed class ItpComponent : IDwcpComponent
{
    /// <inheritdoc/>
    public string Name => "ITP";

    /// <inheritdoc/>
    public IReadOnlyList<ComponentMetric> ReadMetrics() => throw new NotImplementedException();

    /// <inheritdoc/>
    public ComponentSelfTest RunSelfTest(CancellationToken ct) => throw new NotImplementedException();
}
