namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>A staged DWCP v3: where it is, what runs, how it is reached, and what the last deployment did. Holds no secret.</summary>
public sealed record DwcpStaging
{
    public required string Namespace { get; init; }

    /// <summary>API server address.</summary>
    public required string Server { get; init; }

    /// <summary>Context that was used to reach it.</summary>
    public required string Context { get; init; }

    public required string KubernetesVersion { get; init; }

    public required string Release { get; init; }

    /// <summary>SHA-256 of the manifests before any environment value is filled in; the same in staging and production.</summary>
    public required string ManifestHash { get; init; }

    /// <summary>Who deployed, as the API server authenticated them.</summary>
    public required string AppliedBy { get; init; }

    public DateTimeOffset? AppliedAt { get; init; }

    public IReadOnlyList<StagedImage> Images { get; init; } = [];

    public IReadOnlyList<StagedWorkload> Workloads { get; init; } = [];

    public IReadOnlyList<StagedService> Services { get; init; } = [];

    /// <summary>Where clients send data: host:port for <c>dwcp://</c>, inside the cluster unless there is a load balancer.</summary>
    public string? DataAddress { get; init; }

    public IReadOnlyList<StageResult> Stages { get; init; } = [];

    /// <summary>What this run changed; empty when it found everything as it should be.</summary>
    public IReadOnlyList<StagingChange> Changed { get; init; } = [];

    /// <summary>True if <see cref="Changed"/> says what would happen and nothing was done.</summary>
    public bool WhatIf { get; init; }

    /// <summary>What was deployed before, as Restore-DwcpConfiguration can put it back; null where nothing was saved (only production is, and only before a change).</summary>
    public string? Backup { get; init; }

    public TimeSpan Duration { get; init; }

    public bool IsReady => Workloads.Count > 0 && Workloads.All(w => w.IsReady);

    /// <summary>
    /// <see cref="Changed"/> as a text to read: an object a paragraph (+ created, ~ changed, - removed), a field a line. Of a created object only its name
    /// is told; Export-DwcpManifest shows the rest. Values of Secrets are masked.
    /// </summary>
    public string Difference => string.Join('\n', Changed.SelectMany(change => change.Action switch
    {
        "created" => [$"+ {change.Target}"],
        "removed" => [$"- {change.Target}"],
        _ => change.Fields.Select(f => $"    {f}").Prepend($"~ {change.Target}"),
    }));

    /// <summary>One line for people.</summary>
    public string Summary => (WhatIf, Changed.Count) switch
    {
        (true, 0) => "nothing would change",
        (true, var n) => $"{n} objects would change",
        (false, 0) => "no change",
        (false, var n) => $"{n} objects changed",
    };
}
