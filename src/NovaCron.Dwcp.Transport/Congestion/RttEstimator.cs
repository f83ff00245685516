namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>Round-trip time of one path, as in RFC 9002, section 5. Times are nanoseconds.</summary>
public struct RttEstimator
{
    private const long DefaultRtt = 333_000_000;

    private long _expected;

    /// <summary>The newest sample; 0 before the first.</summary>
    public long Latest { get; private set; }

    /// <summary>The least ever seen on this path; 0 before the first.</summary>
    public long Minimum { get; private set; }

    /// <summary>Smoothed round-trip time (RFC 9002, section 5.3); before the first sample what was expected, or 333 ms.</summary>
    public readonly long Smoothed => Latest == 0 ? Initial : _smoothed;

    /// <summary>Mean variation of the samples.</summary>
    public readonly long Variation => Latest == 0 ? Initial / 2 : _variation;

    private readonly long Initial => _expected > 0 ? _expected : DefaultRtt;

    private long _smoothed;
    private long _variation;

    /// <summary>What a round trip is taken to be until the first sample: nanoseconds measured elsewhere.</summary>
    public void Expect(long rtt) => _expected = Math.Max(1_000_000, rtt);

    /// <summary>Takes a sample.</summary>
    /// <param name="rtt">Nanoseconds from sending to acknowledgement; a value below 1 counts as 1.</param>
    /// <param name="acknowledgementDelay">Nanoseconds that the peer says it held the acknowledgement back.</param>
    public void Update(long rtt, long acknowledgementDelay)
    {
        rtt = Math.Max(1, rtt);
        if (Latest == 0)
        {
            Latest = Minimum = _smoothed = rtt;
            _variation = rtt / 2;
            return;
        }

        Latest = rtt;
        Minimum = Math.Min(Minimum, rtt);
        // The peer's delay is believed only as far as it leaves a plausible round trip (RFC 9002, section 5.3).
        var adjusted = rtt - acknowledgementDelay >= Minimum ? rtt - acknowledgementDelay : rtt;
        _variation = ((3 * _variation) + Math.Abs(_smoothed - adjusted)) / 4;
        _smoothed = ((7 * _smoothed) + adjusted) / 8;
    }

    /// <summary>Probe time-out before back-off (RFC 9002, section 6.2.1).</summary>
    /// <param name="maximumAcknowledgementDelay">The longest that the peer may hold an acknowledgement back.</param>
    public readonly long ProbeTimeout(long maximumAcknowledgementDelay) =>
        Smoothed + Math.Max(4 * Variation, 1_000_000) + maximumAcknowledgementDelay;
}
