namespace NovaCron.Dwcp.Operations.Validation.Signing;

/// <summary>A GO that somebody signed, as read from its envelope.</summary>
public sealed record SignedDecision
{
    public required string Release { get; init; }

    /// <summary>GO; nothing else is signed.</summary>
    public required string Decision { get; init; }

    public required string Reason { get; init; }

    /// <summary>The report that it is from.</summary>
    public required string Report { get; init; }

    public required string Profile { get; init; }

    public required string Namespace { get; init; }

    public required DateTimeOffset ValidatedAt { get; init; }

    public required string ValidatedBy { get; init; }

    public required string ApprovedBy { get; init; }

    public required DateTimeOffset ApprovedAt { get; init; }

    /// <summary>Hash of the manifests without environment values, flag, ceiling and replicas.</summary>
    public required string ManifestHash { get; init; }

    /// <summary>The images that it is about, as <c>sha256:...</c>.</summary>
    public required IReadOnlyList<string> ImageDigests { get; init; }

    /// <summary>SHA-256 of the public key (its SubjectPublicKeyInfo) that the signature was verified with.</summary>
    public required string KeyId { get; init; }
}
