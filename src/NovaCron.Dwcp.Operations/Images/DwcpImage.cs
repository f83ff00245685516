namespace NovaCron.Dwcp.Operations.Images;

/// <summary>An image of dwcpd that was built, inspected, and (with a registry) pushed.</summary>
public sealed record DwcpImage
{
    /// <summary>What to deploy: <c>registry/dwcpd@sha256:...</c> once pushed, else the local tag.</summary>
    public required string Reference { get; init; }

    public required string Tag { get; init; }

    /// <summary>Digest of the manifest in the registry; null when it was not pushed.</summary>
    public string? Digest { get; init; }

    /// <summary>All layers, unpacked, bytes.</summary>
    public required long Size { get; init; }

    /// <summary>User and group that it runs as.</summary>
    public required string User { get; init; }

    /// <summary>CycloneDX document beside it; null when none was asked for.</summary>
    public string? BillOfMaterials { get; init; }

    /// <summary>Packages and files in the bill.</summary>
    public int Components { get; init; }

    /// <summary>docker, podman or buildah.</summary>
    public required string Tool { get; init; }

    public TimeSpan Duration { get; init; }

    /// <summary>For people.</summary>
    public override string ToString() => Reference;
}
