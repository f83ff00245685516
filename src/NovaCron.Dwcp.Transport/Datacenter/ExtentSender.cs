using System.Diagnostics;
using System.IO.Hashing;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>
/// The sending thread of a bulk stream: reads each missing extent piece by piece, hashes (and authenticates) what it read, hands it to the carrier, and announces the extent once
/// its payload is where the receiver can read it. Never more extents under way than the receiver gave credits for.
/// </summary>
internal sealed class ExtentSender
{
    private readonly IExtentSource _source;
    private readonly int[] _missing;
    private readonly IPayloadWriter _payload;
    private readonly PieceMac? _mac;
    private readonly WorkQueue<int> _acknowledged = new(BulkLimits.Credits);
    private readonly Action<ExtentNotice> _announce;
    private readonly ExtentNotice[] _notices = new ExtentNotice[BulkLimits.Credits];
    private readonly XxHash3 _hash = new();
    private readonly long? _maxRate;
    private long _creditWaits;

    /// <param name="source">Bytes to send.</param>
    /// <param name="missing">Extents to send, ascending.</param>
    /// <param name="payload">The carrier.</param>
    /// <param name="mac">Authenticates pieces, or null.</param>
    /// <param name="announce">Tells the receiver; called on the sending thread, the notice may be reused once the extent is acknowledged.</param>
    /// <param name="maxRate">Most bytes a second, or null for as fast as it goes.</param>
    public ExtentSender(IExtentSource source, int[] missing, IPayloadWriter payload, PieceMac? mac, Action<ExtentNotice> announce, long? maxRate)
    {
        _maxRate = maxRate;
        _source = source;
        _missing = missing;
        _payload = payload;
        _mac = mac;
        _announce = announce;
        for (var i = 0; i < _notices.Length; i++) _notices[i] = new ExtentNotice();
    }

    /// <summary>Times that the sender had no credit and waited.</summary>
    public long CreditWaits => Interlocked.Read(ref _creditWaits);

    /// <summary>Runs on a thread of its own until the receiver acknowledged every missing extent.</summary>
    public Task RunAsync() => DataThread.Run("dwcp bulk send", Run);

    /// <summary>The receiver verified an extent.</summary>
    /// <exception cref="DwcpProtocolException">It acknowledged more than it was sent.</exception>
    public void Acknowledge(int extent)
    {
        if (!_acknowledged.TryPut(extent)) throw new DwcpProtocolException($"Extent {extent} was acknowledged and is not under way.");
        _payload.Wake();
    }

    /// <summary>Makes <see cref="RunAsync"/> end soon.</summary>
    public void Stop(Exception reason)
    {
        _acknowledged.End(reason);
        _payload.Abort();
    }

    private void Run()
    {
        long acknowledged = 0;
        long announced = 0;
        var start = Stopwatch.GetTimestamp();
        for (long number = 0; number < _missing.Length; number++)
        {
            if (number - acknowledged == BulkLimits.Credits)
            {
                Interlocked.Increment(ref _creditWaits);
                DatacenterCounters.CreditWaited();
            }

            while (number - acknowledged == BulkLimits.Credits) Wait(ref acknowledged, ref announced);
            Pace(start, number);
            SendExtent(number, _missing[number]);
            Announce(ref announced);
        }

        while (acknowledged < _missing.Length) Wait(ref acknowledged, ref announced);
    }

    // An extent at a time: exact enough for a path that moves thousands of them a second.
    private void Pace(long start, long number)
    {
        if (_maxRate is not { } rate) return;
        var due = TimeSpan.FromSeconds(number * (double)BulkLimits.ExtentBytes / rate) - Stopwatch.GetElapsedTime(start);
        if (due > TimeSpan.Zero) Thread.Sleep(due);
    }

    private void SendExtent(long number, int extent)
    {
        var notice = _notices[number % _notices.Length];
        var length = BulkLimits.LengthOf(_source.Length, extent);
        var piece = (long)extent * BulkLimits.PiecesPerExtent;
        var tags = 0;
        _hash.Reset();
        for (var offset = 0; offset < length; offset += BulkLimits.PieceBytes, piece++)
        {
            var count = Math.Min(BulkLimits.PieceBytes, length - offset);
            var bytes = _payload.Rent(number, offset, count);
            _source.ReadPiece(piece, bytes);
            _hash.Append(bytes);
            _mac?.Compute(piece, bytes, notice.Tag(tags++));
            _payload.Send(number, offset, count);
        }

        notice.Extent = extent;
        notice.Checksum = _hash.GetCurrentHashAsUInt64();
        notice.TagCount = tags;
        _payload.Finish(number);
        DatacenterCounters.ExtentSent(length);
    }

    private void Wait(ref long acknowledged, ref long announced)
    {
        var moved = Announce(ref announced);
        while (_acknowledged.TryTake(out var extent))
        {
            if (acknowledged >= announced || extent != _missing[acknowledged]) throw new DwcpProtocolException($"Extent {extent} was acknowledged out of order.");
            acknowledged++;
            moved = true;
        }

        if (!moved) _payload.Wait();
    }

    private bool Announce(ref long announced)
    {
        var any = false;
        while (_payload.TryTakeComplete(out var number))
        {
            if (number != announced) throw new InvalidOperationException($"The carrier completed extent {number} before {announced}.");
            _announce(_notices[number % _notices.Length]);
            announced++;
            any = true;
        }

        return any;
    }
}
