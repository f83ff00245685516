using NovaCron.Dwcp.Operations.Images;

namespace NovaCron.Dwcp.Operations.Staging;

/// <summary>What to deploy, where, and how carefully.</summary>
public sealed record StagingOptions
{
    public string Namespace { get; init; } = "staging";

    /// <summary>Settings of the deployment; see values.yaml in module/assets/kubernetes for their meaning.</summary>
    public StagingValues Values { get; init; } = new();

    /// <summary>Built and pushed first, and then deployed by its digest; when null, the image of <see cref="Values"/> is deployed.</summary>
    public ImageOptions? ImageBuild { get; init; }

    /// <summary>Directory with manifests to use instead of those that this release was built with.</summary>
    public string? AssetsPath { get; init; }

    /// <summary>Only these stages; all when empty. Verification always runs at the end.</summary>
    public IReadOnlyList<StagingStage> Stages { get; init; } = [];

    public IReadOnlyList<StagingStage> SkipStages { get; init; } = [];

    /// <summary>Touch a namespace or context whose name says production.</summary>
    public bool AllowProduction { get; init; }

    /// <summary>Replace every generated secret and certificate; pods restart, clients need the new key.</summary>
    public bool RotateSecrets { get; init; }

    /// <summary>Where deployment log, result and outputs are written; nowhere when null.</summary>
    public string? OutputDirectory { get; init; }

    /// <summary>Ask the server what would change, change nothing.</summary>
    public bool WhatIf { get; init; }

    /// <summary>Limit of waiting for workloads to become ready.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
