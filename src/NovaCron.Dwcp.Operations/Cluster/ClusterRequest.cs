namespace NovaCron.Dwcp.Operations.Cluster;

/// <summary>One HTTP request to the API server.</summary>
internal sealed record ClusterRequest(HttpMethod Method, string Path)
{
    public byte[]? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    public string Accept { get; init; } = "application/json";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>Sending it twice does what sending it once does.</summary>
    public bool Idempotent { get; init; } = Method == HttpMethod.Get;

    public TimeSpan? Timeout { get; init; }

    public int? MaximumAttempts { get; init; }
}
