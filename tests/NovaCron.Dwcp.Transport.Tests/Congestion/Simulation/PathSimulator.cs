using NovaCron.Dwcp.Transport.Congestion;

namespace NovaCron.Dwcp.Transport.Tests.Congestion.Simulation;

/// <summary>
/// Flows over one bottleneck in virtual time: packet by packet, deterministic for a seed. It runs the same controllers and
/// the same <see cref="PacketLedger"/> as the wire.
/// </summary>
public sealed class PathSimulator
{
    /// <summary>Bytes of a datagram on the wire.</summary>
    public const int Datagram = 1452;

    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private readonly Queue<(SimulatedFlow Flow, long Number)> _buffer = new();
    private readonly SimulatedLink _link;
    private readonly Random _random;
    private readonly List<SimulatedFlow> _flows = [];
    private long _order;
    private long _queued;
    private bool _serving;
    private bool _inBurst;
    private double _tokens;
    private long _tokensAt;

    public PathSimulator(SimulatedLink link, int seed)
    {
        _link = link;
        _random = new Random(seed);
        _tokens = link.PolicerBurst;
    }

    /// <summary>Virtual nanoseconds since the start.</summary>
    public long Now { get; private set; }

    /// <summary>Bytes that wait at the bottleneck.</summary>
    public long Queued => _queued;

    public IReadOnlyList<SimulatedFlow> Flows => _flows;

    public SimulatedFlow Add(ICongestionController controller, long baseRtt, long startAt = 0)
    {
        var flow = new SimulatedFlow(this, controller, baseRtt);
        _flows.Add(flow);
        At(startAt, flow.Start);
        return flow;
    }

    public void Run(TimeSpan until)
    {
        var end = (long)(until.TotalSeconds * 1e9);
        while (_events.TryPeek(out _, out var due) && due.Time <= end)
        {
            var action = _events.Dequeue();
            Now = due.Time;
            action();
        }

        Now = end;
    }

    /// <summary>When a busy machine gets to what comes at <paramref name="time"/>.</summary>
    internal long AfterStall(long time)
    {
        const long period = 100_000_000;
        // Each stall begins at another moment of its period, so that nothing falls into step with it.
        var number = time / period;
        var begin = (number * period) + (long)((ulong)number * 0x9E3779B97F4A7C15UL % (ulong)(period - Math.Max(1, _link.Stall)));
        return time >= begin && time < begin + _link.Stall ? begin + _link.Stall : time;
    }

    internal void At(long time, Action action) => _events.Enqueue(action, (Math.Max(time, Now), _order++));

    internal void Enqueue(SimulatedFlow flow, long number)
    {
        if (_link.PolicerBurst > 0 && !TakeToken()) return;
        if (_queued + Datagram > _link.Buffer) return;
        _buffer.Enqueue((flow, number));
        _queued += Datagram;
        if (!_serving) Serve();
    }

    private void Serve()
    {
        var rate = _link.RateAt?.Invoke(Now) ?? _link.Rate;
        _serving = true;
        if (rate <= 0)
        {
            At(Now + 10_000_000, Serve);
            return;
        }

        At(Now + (long)(Datagram * 1e9 / rate), () =>
        {
            var (flow, number) = _buffer.Dequeue();
            _queued -= Datagram;
            if (!Loses()) flow.Transmitted(number);
            if (_buffer.Count > 0) Serve();
            else _serving = false;
        });
    }

    private bool Loses()
    {
        if (_link.Loss <= 0) return false;
        if (_link.BurstLength <= 1) return _random.NextDouble() < _link.Loss;

        // Gilbert-Elliott with a lossless good state: mean burst b means leaving it with 1/b, and the share p fixes the entry.
        _inBurst = _inBurst
            ? _random.NextDouble() >= 1 / _link.BurstLength
            : _random.NextDouble() < _link.Loss / ((1 - _link.Loss) * _link.BurstLength);
        return _inBurst;
    }

    private bool TakeToken()
    {
        _tokens = Math.Min(_link.PolicerBurst, _tokens + ((Now - _tokensAt) * _link.PolicedRate / 1e9));
        _tokensAt = Now;
        if (_tokens < Datagram) return false;
        _tokens -= Datagram;
        return true;
    }
}
