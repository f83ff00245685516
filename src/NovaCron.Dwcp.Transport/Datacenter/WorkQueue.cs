namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>A bounded queue between a session's tasks and the thread that moves the payload; allocates nothing once made.</summary>
internal sealed class WorkQueue<T>(int capacity)
{
    private readonly T[] _items = new T[capacity];
    private readonly object _gate = new();
    private int _head;
    private int _count;
    private bool _ended;
    private Exception? _reason;

    /// <returns>False when it is full, or ended.</returns>
    public bool TryPut(T item)
    {
        lock (_gate)
        {
            if (_ended || _count == _items.Length) return false;
            _items[(_head + _count++) % _items.Length] = item;
            Monitor.Pulse(_gate);
            return true;
        }
    }

    /// <summary>Takes an item when there is one.</summary>
    /// <exception cref="Exception">The reason that the queue was ended with.</exception>
    public bool TryTake(out T item)
    {
        lock (_gate) return TryTakeLocked(out item);
    }

    /// <summary>Waits for an item.</summary>
    /// <exception cref="Exception">The reason that the queue was ended with.</exception>
    public T Take()
    {
        lock (_gate)
        {
            T item;
            while (!TryTakeLocked(out item)) Monitor.Wait(_gate);
            return item;
        }
    }

    /// <summary>Wakes everyone who waits; what is still queued is not taken any more.</summary>
    public void End(Exception reason)
    {
        lock (_gate)
        {
            _ended = true;
            _reason ??= reason;
            Monitor.PulseAll(_gate);
        }
    }

    private bool TryTakeLocked(out T item)
    {
        if (_reason is { } reason) throw new OperationCanceledException(reason.Message, reason);
        if (_count == 0)
        {
            item = default!;
            return false;
        }

        item = _items[_head];
        _head = (_head + 1) % _items.Length;
        _count--;
        return true;
    }
}
