namespace NovaCron.Dwcp.Operations.Tests.Support;

/// <summary>Tests on the real clock, with processes and sockets of their own: one at a time, and not beside the simulations, which take both cores.</summary>
[CollectionDefinition(RealTime.Name, DisableParallelization = true)]
public sealed class RealTime
{
    public const string Name = "Real time, alone";
}
