namespace NovaCron.Dwcp.Codec.Components;

/// <summary>What a component's self-test found.</summary>
/// <param name="Passed">True when everything it exercised behaved.</param>
/// <param name="Detail">What was exercised, or what failed.</param>
/// <param name="Duration">How long it took.</param>
public sealed record ComponentSelfTest(bool Passed, string Detail, TimeSpan Duration);
