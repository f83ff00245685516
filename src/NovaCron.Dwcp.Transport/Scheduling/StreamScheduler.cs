using NovaCron.Dwcp.Transport.Datagrams;

namespace NovaCron.Dwcp.Transport.Scheduling;

/// <summary>
/// The Adaptive Stream Scheduler's choice of whose bytes go next: strict priority between levels, deficit round robin (Shreedhar and Varghese 1995) by weight within one. Asking costs
/// the same for one stream and for ten thousand. Not thread-safe.
/// </summary>
internal sealed class StreamScheduler<T>
    where T : class, IScheduledStream
{
    /// <summary>Bytes that a stream of weight 1 may send before its neighbours have their turn.</summary>
    public const int Quantum = 16 * 1024;

    private readonly Queue<T>[] _ready = [new(), new(), new(), new()];
    private int _count;

    /// <summary>Streams that asked to send.</summary>
    public int Count => _count;

    /// <summary>A stream has something to send.</summary>
    public void Add(T stream)
    {
        if (stream.Queued) return;
        stream.Queued = true;
        _ready[(int)stream.Priority].Enqueue(stream);
        _count++;
    }

    /// <summary>The stream whose turn it is, or null when none can send.</summary>
    /// <param name="credit">New bytes that flow control of all streams together allows.</param>
    public T? Next(long credit)
    {
        foreach (var queue in _ready)
        {
            while (queue.TryPeek(out var stream))
            {
                if (stream.HasWork(credit))
                {
                    if (stream.Deficit <= 0) stream.Deficit += stream.Weight * Quantum;
                    return stream;
                }

                queue.Dequeue();
                _count--;
                stream.Queued = false;
                stream.Deficit = 0;
            }
        }

        return null;
    }

    /// <summary>The stream that <see cref="Next"/> gave has sent; its neighbours come when its turn is used up.</summary>
    public void OnSent(T stream, int bytes)
    {
        stream.Deficit -= bytes;
        AssComponent.RecordSent(stream.Priority, bytes, overtook: HasWaitingBelow(stream.Priority));
        if (stream.Deficit > 0) return;
        var queue = _ready[(int)stream.Priority];
        queue.Enqueue(queue.Dequeue());
    }

    private bool HasWaitingBelow(StreamPriority priority)
    {
        for (var level = (int)priority + 1; level < _ready.Length; level++)
        {
            if (_ready[level].Count > 0) return true;
        }

        return false;
    }
}
