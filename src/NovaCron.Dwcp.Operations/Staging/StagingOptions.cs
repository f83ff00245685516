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

    /// <summary>
    /// Touch a namespace or context whose name says production. Into a namespace that does, only the images of a recorded GO for the release of
    /// <see cref="Values"/> are deployed, after a backup.
    /// </summary>
    public bool AllowProduction { get; init; }

    /// <summary>Image that the caller named explicitly; for production it must be the one of the GO.</summary>
    public string? RequestedImage { get; init; }

    /// <summary>Namespace where the release was staged and got its GO; read for a deployment into production only.</summary>
    public string StagingNamespace { get; init; } = "staging";

    /// <summary>Replace every generated secret and certificate; pods restart, clients need the new key.</summary>
    public bool RotateSecrets { get; init; }

    /// <summary>Outputs of the infrastructure that the cluster stands on, for the files of <see cref="OutputDirectory"/>; none when it was there before.</summary>
    public IReadOnlyDictionary<string, System.Text.Json.Nodes.JsonNode?> InfrastructureOutputs { get; init; } = new Dictionary<string, System.Text.Json.Nodes.JsonNode?>();

    /// <summary>Where deployment log, result and outputs are written; nowhere when null.</summary>
    public string? OutputDirectory { get; init; }

    /// <summary>Ask the server what would change, change nothing.</summary>
    public bool WhatIf { get; init; }

    /// <summary>Limit of waiting for workloads to become ready.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(5);
}
