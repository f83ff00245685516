namespace NovaCron.Dwcp.Operations.Validation.Gates;

/// <summary>One thing that a gate asserts.</summary>
/// <param name="Gate">The gate.</param>
/// <param name="Id">Stable name, unique within the gate.</param>
/// <param name="Tag">Its group: a category of checks, or what else the assertion is about.</param>
/// <param name="Title">What holds when it passes.</param>
public sealed record GateAssertion(DwcpGate Gate, string Id, string Tag, string Title);
