namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>Sums over the connections of this process that ended; ACP's component shows them.</summary>
internal static class DatagramMetrics
{
    private static long _connections;
    private static long _sentBytes;
    private static long _repeatedBytes;
    private static long _lastRate;
    private static long _lastRoundTripNanoseconds;

    public static long Connections => Interlocked.Read(ref _connections);

    public static long SentBytes => Interlocked.Read(ref _sentBytes);

    public static long RepeatedBytes => Interlocked.Read(ref _repeatedBytes);

    public static long LastRate => Interlocked.Read(ref _lastRate);

    public static double LastRoundTripSeconds => Interlocked.Read(ref _lastRoundTripNanoseconds) / 1e9;

    public static void Record(DatagramPathState state)
    {
        Interlocked.Increment(ref _connections);
        Interlocked.Add(ref _sentBytes, state.SentBytes);
        Interlocked.Add(ref _repeatedBytes, state.Lost);
        Interlocked.Exchange(ref _lastRate, (long)state.PacingRate);
        Interlocked.Exchange(ref _lastRoundTripNanoseconds, state.SmoothedRtt);
    }
}
