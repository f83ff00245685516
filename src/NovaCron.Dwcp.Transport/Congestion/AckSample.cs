namespace NovaCron.Dwcp.Transport.Congestion;

/// <summary>What one acknowledgement told the sender: the input of an <see cref="ICongestionController"/>.</summary>
/// <remarks>
/// The delivery rate is that of draft-cheng-iccrg-delivery-rate-estimation-02: bytes delivered between the sending of the
/// newest acknowledged packet and now, over the longer of the send interval and the acknowledgement interval, so that
/// neither compressed acknowledgements nor a late sender can raise it above what the path carried.
/// </remarks>
/// <param name="Now">The clock, in nanoseconds.</param>
/// <param name="AckedBytes">Bytes newly acknowledged.</param>
/// <param name="LostBytes">Bytes newly declared lost with this acknowledgement.</param>
/// <param name="InFlight">Bytes in flight after it.</param>
/// <param name="PriorInFlight">Bytes in flight before it.</param>
/// <param name="Delivered">Bytes delivered since the path was opened.</param>
/// <param name="PriorDelivered">The same count when the newest acknowledged packet was sent: where its round trip began.</param>
/// <param name="DeliveryRate">Bytes per second; 0 when the interval was too short to tell.</param>
/// <param name="SenderLimited">The sample was taken while the sender had nothing to send or woke late: it may raise an estimate, never lower it.</param>
/// <param name="Rtt">Round-trip time of the newest acknowledged packet, in nanoseconds; 0 when it was not measured.</param>
/// <param name="EcnMarked">Congestion Experienced (RFC 3168) was reported for some of the acknowledged packets.</param>
public readonly record struct AckSample(
    long Now,
    int AckedBytes,
    int LostBytes,
    long InFlight,
    long PriorInFlight,
    long Delivered,
    long PriorDelivered,
    double DeliveryRate,
    bool SenderLimited,
    long Rtt,
    bool EcnMarked);
