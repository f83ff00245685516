namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>
/// Decides how many bytes may be in flight on one path and how fast they leave. It has no clock, no randomness and no I/O:
/// the same events give the same decisions, so that the simulator and the wire run the same code.
/// </summary>
/// <remarks>All times are nanoseconds of one monotonic clock. Not thread-safe: one path, one caller.</remarks>
public interface ICongestionController
{
    /// <summary>The controller's name in metrics and results, for example <c>acp</c>.</summary>
    string Name { get; }

    /// <summary>The most bytes that may be in flight.</summary>
    long CongestionWindow { get; }

    /// <summary>Bytes per second at which packets leave; <see cref="double.PositiveInfinity"/> for a controller that only has a window.</summary>
    double PacingRate { get; }

    /// <summary>A packet left.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="bytes">Its size on the wire.</param>
    /// <param name="inFlight">Bytes in flight, this packet included.</param>
    void OnSent(long now, int bytes, long inFlight);

    /// <summary>An acknowledgement came, possibly with packets found lost.</summary>
    void OnAcknowledged(in AckSample sample);

    /// <summary>Packets were declared lost by time, without an acknowledgement.</summary>
    /// <param name="now">The clock.</param>
    /// <param name="bytes">Bytes lost.</param>
    /// <param name="inFlight">Bytes in flight after it.</param>
    /// <param name="persistent">Nothing came back for several probe time-outs (RFC 9002, section 7.6): the path may be another one now.</param>
    void OnLost(long now, int bytes, long inFlight, bool persistent);
}
