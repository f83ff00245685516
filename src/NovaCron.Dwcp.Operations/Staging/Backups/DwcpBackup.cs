namespace NovaCron.Dwcp.Operations.Staging.Backups;

/// <summary>The state of a namespace before a deployment, as it was saved: what Restore-DwcpConfiguration puts back.</summary>
public sealed record DwcpBackup
{
    /// <summary>ConfigMap that holds it, for example <c>dwcp-v3-backup-20260301-101500-042</c>.</summary>
    public required string Name { get; init; }

    public required string Namespace { get; init; }

    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>Who took it, as the API server authenticated them.</summary>
    public required string TakenBy { get; init; }

    /// <summary>Release that was deployed; null when nothing was.</summary>
    public string? Release { get; init; }

    /// <summary>Manifests that were deployed, see <see cref="DwcpStaging.ManifestHash"/>.</summary>
    public string? ManifestHash { get; init; }

    /// <summary>Flag at that time, for people: a restore never moves traffic.</summary>
    public string? Flag { get; init; }

    /// <summary>Objects in it. Secrets are not among them: they stay in the cluster as they are.</summary>
    public int Objects { get; init; }

    /// <summary>File beside it; null when none was asked for.</summary>
    public string? Path { get; init; }

    /// <summary>For people.</summary>
    public override string ToString() => Name;
}
