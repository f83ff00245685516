namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>Which part of a container's log.</summary>
public sealed record PodLogOptions
{
    public string? Container { get; init; }

    /// <summary>The log of the run before the last restart.</summary>
    public bool Previous { get; init; }

    public bool Timestamps { get; init; }

    public int? TailLines { get; init; }

    public DateTimeOffset? Since { get; init; }

    /// <summary>Upper limit of what is read, bytes.</summary>
    public long LimitBytes { get; init; } = 16 << 20;
}
