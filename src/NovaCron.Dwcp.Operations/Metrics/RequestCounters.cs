namespace NovaCron.Dwcp.Operations.Metrics;

/// <summary>Counts of one protocol version: cumulative as scraped, or the difference of two scrapes.</summary>
public sealed record RequestCounters
{
    public long Ok { get; init; }

    /// <summary>Rejected input: the client's fault, so neither good nor bad for the version.</summary>
    public long ClientErrors { get; init; }

    public long ServerErrors { get; init; }

    public long SessionsStarted { get; init; }

    public long Corruptions { get; init; }

    /// <summary>Upper bounds in seconds, ascending, the last one infinite.</summary>
    public IReadOnlyList<double> BucketBounds { get; init; } = [];

    /// <summary>Requests at most as slow as the bound of the same index.</summary>
    public IReadOnlyList<long> CumulativeBuckets { get; init; } = [];

    /// <summary>
    /// Requests that say something about the server: good ones and its own failures. Client errors are left out, so that a flood of bad input
    /// cannot dilute real failures.
    /// </summary>
    public long Judged => Ok + ServerErrors;

    /// <summary>Requests in the histogram.</summary>
    public long Timed => CumulativeBuckets.Count == 0 ? 0 : CumulativeBuckets[^1];

    /// <summary>Requests slower than a bucket's bound.</summary>
    /// <exception cref="DwcpMetricsException">No bucket has that bound.</exception>
    public long SlowerThan(double seconds)
    {
        if (CumulativeBuckets.Count == 0) return 0;
        for (var i = 0; i < BucketBounds.Count; i++)
            if (Math.Abs(BucketBounds[i] - seconds) <= 1e-9 * seconds) return Timed - CumulativeBuckets[i];
        throw new DwcpMetricsException($"dwcp_request_duration_seconds has no bucket of {seconds} s; the limit must be one of its bounds.");
    }

    /// <summary>
    /// What happened between two scrapes of one process. A counter that fell means that the process started anew in between (Prometheus' rule for
    /// <c>increase</c>): then everything it counts now is new.
    /// </summary>
    public RequestCounters Since(RequestCounters earlier)
    {
        if (!IsContinuationOf(earlier)) return this;
        var buckets = new long[CumulativeBuckets.Count];
        for (var i = 0; i < buckets.Length; i++) buckets[i] = CumulativeBuckets[i] - earlier.CumulativeBuckets[i];
        return this with
        {
            Ok = Ok - earlier.Ok, ClientErrors = ClientErrors - earlier.ClientErrors, ServerErrors = ServerErrors - earlier.ServerErrors,
            SessionsStarted = SessionsStarted - earlier.SessionsStarted, Corruptions = Corruptions - earlier.Corruptions, CumulativeBuckets = Monotone(buckets),
        };
    }

    /// <summary>The sum of two pods' counts. Buckets are added where both have them under the same bounds.</summary>
    /// <exception cref="DwcpMetricsException">The two have different bucket bounds.</exception>
    public RequestCounters Plus(RequestCounters other)
    {
        if (CumulativeBuckets.Count > 0 && other.CumulativeBuckets.Count > 0 && !BucketBounds.SequenceEqual(other.BucketBounds))
            throw new DwcpMetricsException("Two pods export dwcp_request_duration_seconds with different buckets.");
        var (longer, shorter) = CumulativeBuckets.Count >= other.CumulativeBuckets.Count ? (this, other) : (other, this);
        var buckets = new long[longer.CumulativeBuckets.Count];
        for (var i = 0; i < buckets.Length; i++) buckets[i] = longer.CumulativeBuckets[i] + (i < shorter.CumulativeBuckets.Count ? shorter.CumulativeBuckets[i] : 0);
        return this with
        {
            Ok = Ok + other.Ok, ClientErrors = ClientErrors + other.ClientErrors, ServerErrors = ServerErrors + other.ServerErrors,
            SessionsStarted = SessionsStarted + other.SessionsStarted, Corruptions = Corruptions + other.Corruptions,
            BucketBounds = longer.BucketBounds, CumulativeBuckets = buckets,
        };
    }

    /// <summary>
    /// The quantile in milliseconds, interpolated inside its bucket as Prometheus' <c>histogram_quantile</c> does; null without requests.
    /// For people only: decisions use counts.
    /// </summary>
    public double? QuantileMilliseconds(double quantile)
    {
        if (Timed == 0) return null;
        var rank = quantile * Timed;
        for (var i = 0; i < CumulativeBuckets.Count; i++)
        {
            if (CumulativeBuckets[i] < rank) continue;
            var lower = i == 0 ? 0 : BucketBounds[i - 1];
            if (double.IsPositiveInfinity(BucketBounds[i])) return lower * 1000;
            var below = i == 0 ? 0 : CumulativeBuckets[i - 1];
            var inside = CumulativeBuckets[i] - below;
            return inside == 0 ? lower * 1000 : 1000 * (lower + (BucketBounds[i] - lower) * (rank - below) / inside);
        }
        return null;
    }

    /// <summary>Nothing fell since: the same process, later.</summary>
    public bool IsContinuationOf(RequestCounters earlier) =>
        Ok >= earlier.Ok && ClientErrors >= earlier.ClientErrors && ServerErrors >= earlier.ServerErrors && SessionsStarted >= earlier.SessionsStarted
        && Corruptions >= earlier.Corruptions && Timed >= earlier.Timed && BucketBounds.SequenceEqual(earlier.BucketBounds)
        && !CumulativeBuckets.Where((count, i) => count < earlier.CumulativeBuckets[i]).Any();

    /// <summary>A page is not read at one instant, so a bucket may lag behind its neighbour by a request; differences are made cumulative again.</summary>
    private static long[] Monotone(long[] buckets)
    {
        for (var i = 1; i < buckets.Length; i++) buckets[i] = Math.Max(buckets[i], buckets[i - 1]);
        return buckets;
    }
}
