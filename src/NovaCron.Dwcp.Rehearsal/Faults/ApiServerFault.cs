namespace NovaCron.Dwcp.Rehearsal.Faults;

/// <summary>What goes wrong at the API server, for every client outside this process and for pods.</summary>
public sealed record ApiServerFault
{
    /// <summary>Every connection is cut and none is accepted.</summary>
    public bool Outage { get; init; }

    /// <summary>How long each request is held up.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>The share of requests answered with <see cref="ErrorStatus"/>, 0 to 1.</summary>
    public double ErrorShare { get; init; }

    /// <summary>The HTTP status of an injected error: 409, 429, 500, 503 or 504.</summary>
    public int ErrorStatus { get; init; } = 500;
}
