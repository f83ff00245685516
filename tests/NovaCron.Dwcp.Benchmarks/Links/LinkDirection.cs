using System.Buffers.Binary;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace NovaCron.Dwcp.Benchmarks.Links;

/// <summary>
/// One direction of an emulated link: reads packets from one device, drops some, and writes the others to the other device when a bottleneck of the given rate and the
/// delay behind it would have let them through. One thread; its losses depend on the seed and the order of packets only.
/// </summary>
internal sealed unsafe partial class LinkDirection
{
    private const int PacketSize = 2048;
    private const int ReadAtOnce = 64;
    private const byte Udp = 17;
    private const int SetTimerSlack = 29;
    private const int Priority = -15;
    private const int HistogramMilliseconds = 20_000;

    private static readonly long BucketTicks = Stopwatch.Frequency / 10;

    private readonly TunDevice _from;
    private readonly TunDevice _to;
    private readonly bool _outward;
    private readonly Queue<(byte[] Bytes, int Length, long Due)> _queue = new();
    private readonly Stack<byte[]> _free = new();
    private readonly int[] _queueing = new int[HistogramMilliseconds];
    private readonly Thread _thread;
    private volatile LinkSettings _settings;
    private volatile bool _stopping;
    private long _startedAt = Stopwatch.GetTimestamp();
    private long[] _delivered = new long[36_000];
    private int[] _overflows = new int[36_000];

    // Bytes by protocol and source port, once somebody asks.
    private readonly Dictionary<int, long> _flows = [];
    private long _sharesFrom;

    // Touched by the thread only.
    private double _busyUntil;
    private double _tokens;
    private double _tokensAt;
    private bool _losing;
    private ulong _random;

    private long _passed;
    private long _passedBytes;
    private long _lost;
    private long _overflowed;

    /// <param name="outward">Whether it leaves the side whose address a NAT hides.</param>
    public LinkDirection(TunDevice from, TunDevice to, bool outward, LinkSettings settings)
    {
        _from = from;
        _to = to;
        _outward = outward;
        _settings = settings;
        _random = settings.Seed * (outward ? 0x9E3779B97F4A7C15UL : 0xC2B2AE3D27D4EB4FUL);
        _tokens = settings.PolicerBurst ?? 0;
        _thread = new Thread(Run) { IsBackground = true, Name = $"link {from.Name} to {to.Name}" };
        _thread.Start();
    }

    /// <summary>IP packets that came out.</summary>
    public long Passed => Interlocked.Read(ref _passed);

    /// <summary>Their bytes.</summary>
    public long PassedBytes => Interlocked.Read(ref _passedBytes);

    /// <summary>Packets lost at random.</summary>
    public long Lost => Interlocked.Read(ref _lost);

    /// <summary>Packets that found the queue full, or the policer without tokens.</summary>
    public long Overflowed => Interlocked.Read(ref _overflowed);

    /// <summary>Begins its clock and its figures again.</summary>
    public void Restart(LinkSettings settings)
    {
        _settings = settings;
        Interlocked.Exchange(ref _startedAt, Stopwatch.GetTimestamp());
        _delivered = new long[_delivered.Length];
        _overflows = new int[_overflows.Length];
        Array.Clear(_queueing);
        Interlocked.Exchange(ref _passed, 0);
        Interlocked.Exchange(ref _passedBytes, 0);
        Interlocked.Exchange(ref _lost, 0);
        Interlocked.Exchange(ref _overflowed, 0);
    }

    /// <summary>Bytes that came out between two times, seconds of the link's clock, in steps of a tenth.</summary>
    public long BytesBetween(double from, double to)
    {
        var delivered = _delivered;
        var sum = 0L;
        for (var i = Math.Max(0, (int)(from * 10)); i < Math.Min(delivered.Length, (int)(to * 10)); i++) sum += Volatile.Read(ref delivered[i]);
        return sum;
    }

    /// <summary>Packets that found the queue full between two times, as <see cref="BytesBetween"/>.</summary>
    public int OverflowsBetween(double from, double to)
    {
        var overflows = _overflows;
        var sum = 0;
        for (var i = Math.Max(0, (int)(from * 10)); i < Math.Min(overflows.Length, (int)(to * 10)); i++) sum += Volatile.Read(ref overflows[i]);
        return sum;
    }

    /// <summary>From here on bytes are counted by flow.</summary>
    public void BeginShares()
    {
        lock (_flows) _flows.Clear();
        Volatile.Write(ref _sharesFrom, Stopwatch.GetTimestamp());
    }

    /// <summary>Bytes per second of each flow since <see cref="BeginShares"/>: those of UDP by port, or UDP's and then TCP's together.</summary>
    public IReadOnlyList<double> Shares(bool byProtocol = false)
    {
        var seconds = Stopwatch.GetElapsedTime(_sharesFrom).TotalSeconds;
        lock (_flows)
        {
            return byProtocol
                ? [_flows.Where(f => f.Key >> 16 == Udp).Sum(f => f.Value) / seconds, _flows.Where(f => f.Key >> 16 != Udp).Sum(f => f.Value) / seconds]
                : [.. _flows.Where(f => f.Key >> 16 == Udp).OrderBy(f => f.Key).Select(f => f.Value / seconds)];
        }
    }

    /// <summary>The time in the queue that the given share of packets did not exceed.</summary>
    public TimeSpan Queueing(double share)
    {
        var total = _queueing.Sum(c => (long)c);
        var rank = (long)Math.Ceiling(total * share);
        for (var i = 0; i < _queueing.Length; i++)
        {
            rank -= _queueing[i];
            if (rank <= 0) return TimeSpan.FromMilliseconds(i);
        }

        return TimeSpan.FromMilliseconds(_queueing.Length);
    }

    public void Stop()
    {
        _stopping = true;
        _thread.Join();
    }

    private void Run()
    {
        // Both only make it punctual; without them it works, with more jitter.
        _ = SetPriority(0, 0, Priority);
        _ = ProcessControl(SetTimerSlack, 1000, 0, 0, 0);
        while (!_stopping)
        {
            var now = Stopwatch.GetTimestamp();
            while (_queue.TryPeek(out var head) && head.Due <= now) Deliver(_queue.Dequeue(), now);
            var read = 0;
            while (read < ReadAtOnce && ReadOne()) read++;
            if (read == ReadAtOnce) continue;
            var wait = _queue.TryPeek(out var next) ? Math.Max(0, next.Due - Stopwatch.GetTimestamp()) : Stopwatch.Frequency / 20;
            Wait(Math.Min(wait, Stopwatch.Frequency / 20));
        }
    }

    private bool ReadOne()
    {
        if (!_free.TryPop(out var bytes)) bytes = new byte[PacketSize];
        var length = _from.Read(bytes);
        if (length == 0)
        {
            _free.Push(bytes);
            return false;
        }

        if (Admit(bytes, length) is { } due) _queue.Enqueue((bytes, length, due));
        else _free.Push(bytes);
        return true;
    }

    // When the packet comes out, or null for one that is lost.
    private long? Admit(byte[] packet, int length)
    {
        var settings = _settings;
        var timestamp = Stopwatch.GetTimestamp();
        var now = (double)timestamp / Stopwatch.Frequency;
        var clock = (double)(timestamp - Interlocked.Read(ref _startedAt)) / Stopwatch.Frequency;
        var rate = settings.Rate / 8 * (settings.RateAt?.Invoke(clock) ?? 1);
        if (rate <= 0 || (packet[9] == Udp && settings.UdpPasses?.Invoke(clock) == false))
        {
            Interlocked.Increment(ref _lost);
            return null;
        }

        double leaves;
        if (settings.PolicerBurst is { } burst)
        {
            _tokens = Math.Min(burst, _tokens + ((now - _tokensAt) * rate));
            _tokensAt = now;
            if (_tokens < length) return Overflow(timestamp);
            _tokens -= length;
            leaves = now;
        }
        else
        {
            _busyUntil = Math.Max(_busyUntil, now);
            var waiting = _busyUntil - now;
            if ((waiting * rate) + length > Math.Max(settings.Buffer * settings.BandwidthDelay, 3 * PacketSize)) return Overflow(timestamp);
            _queueing[Math.Min(HistogramMilliseconds - 1, (int)(waiting * 1000))]++;
            leaves = _busyUntil += length / rate;
        }

        if (LosesNext(settings))
        {
            Interlocked.Increment(ref _lost);
            return null;
        }

        if (packet[9] == Udp && settings.Rebindings?.Invoke(clock) is { } rebindings and > 0) Translate(packet, rebindings);
        return (long)((leaves + (settings.RoundTrip.TotalSeconds / 2)) * Stopwatch.Frequency);
    }

    private long? Overflow(long timestamp)
    {
        Interlocked.Increment(ref _overflowed);
        var bucket = (timestamp - Interlocked.Read(ref _startedAt)) / BucketTicks;
        var overflows = _overflows;
        if (bucket >= 0 && bucket < overflows.Length) overflows[bucket]++;
        return null;
    }

    // Gilbert's model: from good to bad and back with the chances that give the mean share and the mean length.
    private bool LosesNext(LinkSettings settings)
    {
        if (settings.Loss <= 0) return false;
        if (settings.BurstLength <= 1) return Uniform() < settings.Loss;
        _losing = Uniform() < (_losing ? 1 - (1 / settings.BurstLength) : settings.Loss / (settings.BurstLength * (1 - settings.Loss)));
        return _losing;
    }

    private double Uniform()
    {
        // SplitMix64 (Steele, Lea and Flood 2014).
        var z = _random += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }

    // The hidden side's port, as this mapping of the NAT shows it. What comes for an earlier mapping reaches nobody. A checksum of 0 is none (RFC 768).
    private void Translate(byte[] packet, int rebindings)
    {
        var udp = (packet[0] & 15) * 4;
        var port = packet.AsSpan(udp + (_outward ? 0 : 2));
        BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)(BinaryPrimitives.ReadUInt16BigEndian(port) ^ (rebindings & 0xFFF)));
        packet[udp + 6] = packet[udp + 7] = 0;
    }

    private void Deliver((byte[] Bytes, int Length, long Due) packet, long now)
    {
        _to.Write(packet.Bytes.AsSpan(0, packet.Length));
        _free.Push(packet.Bytes);
        Interlocked.Increment(ref _passed);
        Interlocked.Add(ref _passedBytes, packet.Length);
        if (Volatile.Read(ref _sharesFrom) != 0) CountFlow(packet.Bytes, packet.Length);
        var bucket = (now - Interlocked.Read(ref _startedAt)) / BucketTicks;
        var delivered = _delivered;
        if (bucket >= 0 && bucket < delivered.Length) delivered[bucket] += packet.Length;
    }

    private void CountFlow(byte[] packet, int length)
    {
        var flow = (packet[9] << 16) | BinaryPrimitives.ReadUInt16BigEndian(packet.AsSpan((packet[0] & 15) * 4));
        lock (_flows)
        {
            _flows.TryGetValue(flow, out var bytes);
            _flows[flow] = bytes + length;
        }
    }

    private void Wait(long ticks)
    {
        var descriptor = new PollDescriptor { Descriptor = _from.Descriptor, Events = 1 };
        var nanoseconds = (long)(ticks * (1e9 / Stopwatch.Frequency));
        var timeout = new TimeSpecification { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
        _ = Poll(&descriptor, 1, &timeout, null);
    }

    [LibraryImport("libc", EntryPoint = "ppoll")]
    private static partial int Poll(PollDescriptor* descriptors, nuint count, TimeSpecification* timeout, void* signals);

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int priority);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint a, nuint b, nuint c, nuint d);

    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    private struct TimeSpecification
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
