namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>How a document is applied.</summary>
public sealed record ApplyOptions
{
    /// <summary>The server validates, defaults and admits, and stores nothing.</summary>
    public bool DryRun { get; init; }

    /// <summary>Take fields that another manager owns. Without it such a field is a conflict that names its owner.</summary>
    public bool Force { get; init; } = true;

    /// <summary>Overrides the connection's field manager.</summary>
    public string? FieldManager { get; init; }
}
