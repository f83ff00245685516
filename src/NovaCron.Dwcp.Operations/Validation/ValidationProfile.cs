namespace NovaCron.Dwcp.Operations.Validation;

/// <summary>
/// Named targets for what depends on the machine. A two-core rehearsal is not a datacentre; the report shows which profile was used.
/// </summary>
public sealed record ValidationProfile
{
    public required string Name { get; init; }

    /// <summary>User bytes per second that one verified v3 transfer must reach.</summary>
    public required double MinimumThroughput { get; init; }

    /// <summary>Percent that the codec must save on a node's internet sample, at the internet's level.</summary>
    public required double MinimumSavedPercent { get; init; }

    /// <summary>Share of requests slower than 100 ms that is tolerated, percent.</summary>
    public required double MaximumSlowPercent { get; init; }

    /// <summary>Share of server-caused errors that is tolerated, percent.</summary>
    public required double MaximumErrorPercent { get; init; }

    /// <summary>Time in which every pod applies a changed flag.</summary>
    public required TimeSpan MaximumFlagDelay { get; init; }

    /// <summary>Time in which a rollback must be carried through, from its decision to the last healthy new pod.</summary>
    public TimeSpan MaximumRollback { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>True where pods are processes of this machine: image checks are skipped, visibly.</summary>
    public bool PodsAreProcesses { get; init; }

    /// <summary>2.4 GB/s, 80 % saved, and P99 100 ms.</summary>
    public static readonly ValidationProfile Production = new()
    {
        Name = "Production",
        MinimumThroughput = 2.4e9,
        MinimumSavedPercent = 80,
        MaximumSlowPercent = 1,
        MaximumErrorPercent = 0.1,
        MaximumFlagDelay = TimeSpan.FromSeconds(5),
    };

    /// <summary>
    /// For one small machine that runs cluster, clients and traffic at once; 5 MB/s shows that a transfer moves at all, 50 % that the codec works, no more.
    /// </summary>
    public static readonly ValidationProfile Rehearsal = new()
    {
        Name = "Rehearsal",
        MinimumThroughput = 5e6,
        MinimumSavedPercent = 50,
        MaximumSlowPercent = 5,
        MaximumErrorPercent = 0.1,
        MaximumFlagDelay = TimeSpan.FromSeconds(5),
        PodsAreProcesses = true,
    };
}
