using NovaCron.Dwcp.Codec.Components;

namespace NovaCron.Dwcp.Node.Diagnostics;

/// <summary>A component and what its last self-test found, or null before the first.</summary>
internal sealed record ComponentState(IDwcpComponent Component, ComponentSelfTest? LastTest, DateTimeOffset? TestedAt);
