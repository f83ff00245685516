namespace NovaCron.Dwcp.Aws;

/// <summary>A file that is in the artifact bucket.</summary>
public sealed record DwcpArtifact
{
    /// <summary>Where it was read from.</summary>
    public required string Path { get; init; }

    /// <summary><c>s3://bucket/key</c>.</summary>
    public required string Uri { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    public string? ETag { get; init; }

    /// <summary>Version, in a bucket that keeps them.</summary>
    public string? VersionId { get; init; }

    /// <summary>For people.</summary>
    public override string ToString() => Uri;
}
