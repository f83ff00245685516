namespace NovaCron.Dwcp.Operations.Validation.Custom;

/// <summary>A check of the operator's own: a query of Prometheus, an HTTP GET, or a field of an object, and what is expected of it.</summary>
public sealed record CustomCheck
{
    /// <summary>Stable name; begins with <c>custom-</c>, so that no check of ours ever takes it.</summary>
    public required string Id { get; init; }

    public required string Title { get; init; }

    public required CheckCategory Category { get; init; }

    public required CheckSeverity Severity { get; init; }

    /// <summary>What to do when it fails.</summary>
    public required string Remedy { get; init; }

    /// <summary>An expression of PromQL, each of whose series must be as expected. No series is no data, and never good.</summary>
    public string? Promql { get; init; }

    /// <summary>An address to GET from the machine that validates.</summary>
    public Uri? Http { get; init; }

    public CustomField? Field { get; init; }

    public CustomExpectation Expect { get; init; } = new();
}
