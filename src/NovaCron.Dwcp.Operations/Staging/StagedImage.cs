namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>An image that runs: the reference that was asked for, and the digest that the pods report (null before they run).</summary>
public sealed record StagedImage(string Component, string Reference, string? Digest)
{
    /// <summary>The same repository by digest, <c>name@sha256:...</c>, where the container runtime can name one; null for images that were loaded by hand.</summary>
    public string? RepositoryDigest { get; init; }
}
