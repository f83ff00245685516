namespace NovaCron.Dwcp.Node.Http;

/// <summary>Carries the <see cref="PortRole"/> of a connection to its requests.</summary>
internal sealed record PortRoleFeature(PortRole Role);
