#if DWCP_V1
using NovaCron.Dwcp.V1;
#endif

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>The versions that a client of this build speaks. Compiled into every program that transfers, so that v1 is named in one place and goes with its folder.</summary>
internal static class ClientProtocols
{
    public static IReadOnlyList<IClientProtocol> All { get; } =
    [
        new V3ClientProtocol(),
#if DWCP_V1
        new V1ClientProtocol(),
#endif
    ];
}
