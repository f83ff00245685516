namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>A field that the schema does not allow.</summary>
/// <param name="Path">Where, such as <c>spec.containers[0].imag</c>.</param>
/// <param name="Text">The finding as the real decoder words it.</param>
public sealed record DecodeFinding(string Path, string Text);
