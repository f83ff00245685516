using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Scheduling;

/// <summary>What a <see cref="StreamScheduler{T}"/> has to know of a stream.</summary>
internal interface IScheduledStream
{
    /// <summary>Goes before every stream of a lower priority.</summary>
    StreamPriority Priority { get; }

    /// <summary>Its share among streams of its priority.</summary>
    int Weight { get; }

    /// <summary>The scheduler's: it stands in a queue.</summary>
    bool Queued { get; set; }

    /// <summary>The scheduler's: bytes that it may still send in its turn.</summary>
    int Deficit { get; set; }

    /// <summary>Whether it can send now.</summary>
    /// <param name="credit">New bytes that flow control of all streams together allows.</param>
    bool HasWork(long credit);
}
