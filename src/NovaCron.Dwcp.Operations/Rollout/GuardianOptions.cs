namespace NovaCron.Dwcp.Operations.Rollout;

/// <summary>How a guardian runs. The defaults are those of the shipped manifests.</summary>
public sealed record GuardianOptions
{
    /// <summary>Namespace to guard.</summary>
    public required string Namespace { get; init; }

    /// <summary>Holder name in the Lease, unique per replica: the pod's name.</summary>
    public required string Identity { get; init; }

    /// <summary>How long a lease counts without renewal; another replica takes over after it.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between renewals; nodes read renewTime as the guardian's heartbeat.</summary>
    public TimeSpan RenewInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long one pod may take to answer a scrape or /flags.</summary>
    public TimeSpan PodTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Where the guardian reports what it did; one line each. Null: nowhere.</summary>
    public Action<string>? Log { get; init; }
}
