using NovaCron.Dwcp.Codec.Components;
using NovaCron.Dwcp.Transport.Congestion;
using NovaCron.Dwcp.Transport.Paths;
using NovaCron.Dwcp.Transport.Scheduling;

namespace NovaCron.Dwcp.Transport;

/// <summary>The transport's three named components.</summary>
public static class TransportComponents
{
    /// <summary>ASS, ACP and ITP.</summary>
    public static IReadOnlyList<IDwcpComponent> All { get; } = [new AssComponent(), new AcpComponent(), new ItpComponent()];
}
