namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>What a rollout reads from one node's metrics page: cumulative counts since the process started.</summary>
public sealed record NodeMetrics
{
    private const string Requests = "dwcp_requests_total";
    private const string Duration = "dwcp_request_duration_seconds";
    private const string Corruption = "dwcp_corruption_total";
    private const string Sessions = "dwcp_sessions_started_total";
    private const string Health = "dwcp_component_health";
    private const string Revision = "dwcp_flag_revision";

    /// <summary>Finite upper bounds of a node's latency histogram, seconds, ascending: what a limit on latency can be judged by.</summary>
    public static IReadOnlyList<double> LatencyBounds { get; } = [.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10];

    public required RequestCounters V1 { get; init; }

    public required RequestCounters V3 { get; init; }

    /// <summary>1 healthy, 0 not, by component.</summary>
    public required IReadOnlyDictionary<string, double> ComponentHealth { get; init; }

    /// <summary>ConfigMap revision that the node has applied, as a number; null when it exports none.</summary>
    public double? FlagRevision { get; init; }

    /// <summary>Reads a page.</summary>
    /// <exception cref="DwcpMetricsException">A family that decisions need is missing, not a number, negative, or inconsistent.</exception>
    public static NodeMetrics Parse(string text)
    {
        return Read(PrometheusText.Parse(text, name => name is Requests or Corruption or Sessions or Health or Revision
                                                       || name.StartsWith(Duration, StringComparison.Ordinal)));
    }

    /// <summary>The names of all that is read.</summary>
    internal static IReadOnlyList<string> Names { get; } = [Requests, Duration + "_bucket", Corruption, Sessions, Health, Revision];

    /// <summary>Reads the samples of one node, wherever they come from.</summary>
    /// <exception cref="DwcpMetricsException">A family that decisions need is missing, not a number, negative, or inconsistent.</exception>
    public static NodeMetrics Read(IReadOnlyList<MetricSample> samples)
    {
        var health = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var sample in samples)
            if (sample.Name == Health)
                health[sample.Label("component") ?? throw new DwcpMetricsException($"{Health} has a sample without a component.")] =
                    double.IsFinite(sample.Value) ? sample.Value : throw new DwcpMetricsException($"{Health} of {sample.Label("component")} is {sample.Value}.");
        if (health.Count == 0) throw new DwcpMetricsException($"{Health} is missing.");
        return new NodeMetrics
        {
            V1 = ReadVersion(samples, "v1"),
            V3 = ReadVersion(samples, "v3"),
            ComponentHealth = health,
            FlagRevision = samples.FirstOrDefault(sample => sample.Name == Revision)?.Value,
        };
    }

    private static RequestCounters ReadVersion(IReadOnlyList<MetricSample> samples, string version)
    {
        long? ok = null, clientErrors = null, serverErrors = null, sessions = null;
        long corruptions = 0;
        var buckets = new SortedDictionary<double, long>();
        foreach (var sample in samples)
        {
            if (sample.Label("version") != version) continue;
            switch (sample.Name)
            {
                case Requests:
                    var count = Count(sample);
                    switch (sample.Label("outcome"))
                    {
                        case "ok": ok = (ok ?? 0) + count; break;
                        case "client_error": clientErrors = (clientErrors ?? 0) + count; break;
                        case "server_error": serverErrors = (serverErrors ?? 0) + count; break;
                        // An outcome that we do not know is not assumed to be good.
                        case var unknown: throw new DwcpMetricsException($"{Requests} has the unknown outcome '{unknown}'.");
                    }
                    break;
                case Duration + "_bucket":
                    var bound = sample.Label("le") switch
                    {
                        "+Inf" => double.PositiveInfinity,
                        var text when double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) => number,
                        var text => throw new DwcpMetricsException($"{Duration} has a bucket with the bound '{text}'."),
                    };
                    buckets[bound] = buckets.GetValueOrDefault(bound) + Count(sample);
                    break;
                case Corruption: corruptions += Count(sample); break;
                case Sessions: sessions = (sessions ?? 0) + Count(sample); break;
            }
        }
        if (ok is null || serverErrors is null) throw new DwcpMetricsException($"{Requests} of {version} is missing (ok and server_error are needed).");
        if (buckets.Count == 0 || !double.IsPositiveInfinity(buckets.Keys.Last())) throw new DwcpMetricsException($"{Duration} of {version} is missing.");
        var bounds = buckets.Keys.ToArray();
        var counts = buckets.Values.ToArray();
        for (var i = 1; i < counts.Length; i++)
            if (counts[i] < counts[i - 1]) throw new DwcpMetricsException($"{Duration} of {version} is inconsistent: bucket {bounds[i]} holds less than bucket {bounds[i - 1]}.");
        return new RequestCounters
        {
            Ok = ok.Value, ClientErrors = clientErrors ?? 0, ServerErrors = serverErrors.Value, SessionsStarted = sessions ?? 0, Corruptions = corruptions,
            BucketBounds = bounds, CumulativeBuckets = counts,
        };
    }

    private static long Count(MetricSample sample) =>
        double.IsFinite(sample.Value) && sample.Value is >= 0 and < 9e15
            ? (long)sample.Value
            : throw new DwcpMetricsException($"{sample.Name} has the value {sample.Value}, which is no count.");
}
