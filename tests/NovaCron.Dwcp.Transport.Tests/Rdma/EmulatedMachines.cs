namespace NovaCron.Dwcp.Transport.Tests.Rdma;

/// <summary>Tests that take both cores for minutes: after all others, one at a time.</summary>
[CollectionDefinition(EmulatedMachines.Name, DisableParallelization = true)]
public sealed class EmulatedMachines
{
    public const string Name = "Emulated machines, alone";
}
