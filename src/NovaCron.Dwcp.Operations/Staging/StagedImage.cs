namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>An image that runs: the reference that was asked for, and the digest that the pods report (null before they run).</summary>
public sealed record StagedImage(string Component, string Reference, string? Digest);
