namespace NovaCron.Dwcp.Rehearsal.Schemas;

/// <summary>A field that identifies an element of a list.</summary>
/// <param name="Name">Name of the field.</param>
/// <param name="Default">What a missing field stands for; <c>null</c> when it may not be missing.</param>
public sealed record ListKey(string Name, string? Default = null);
