using System.IO.Hashing;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>
/// The receiving thread of a bulk stream: takes its own copy of each piece, hashes the copy while it is in cache, writes the copy, and journals an extent once its checksum
/// (and every tag) is what the authenticated session said. Bytes of an extent that is not journalled are nothing but scratch space.
/// </summary>
internal sealed class ExtentReceiver
{
    private readonly PartialExtents _partial;
    private readonly IPayloadReader _payload;
    private readonly PieceMac? _mac;
    private readonly WorkQueue<ExtentNotice> _arrived;
    private readonly WorkQueue<ExtentNotice> _free;
    private readonly Action<int> _verified;
    private readonly int[] _missing;
    private readonly byte[] _framed = GC.AllocateArray<byte>(BulkLimits.PieceBytes + 1, pinned: true);
    private readonly byte[] _tags = new byte[BulkLimits.PiecesPerExtent * BulkLimits.TagBytes];
    private readonly XxHash3 _hash = new();

    /// <param name="partial">Where extents go.</param>
    /// <param name="payload">Where they come from.</param>
    /// <param name="mac">Verifies pieces, or null.</param>
    /// <param name="verified">Hears of each extent that is safe now; called on the receiving thread.</param>
    public ExtentReceiver(PartialExtents partial, IPayloadReader payload, PieceMac? mac, Action<int> verified)
    {
        _partial = partial;
        _payload = payload;
        _mac = mac;
        _verified = verified;
        _missing = partial.Map.Missing();
        _arrived = new WorkQueue<ExtentNotice>(BulkLimits.Credits);
        _free = new WorkQueue<ExtentNotice>(BulkLimits.Credits);
        for (var i = 0; i < BulkLimits.Credits; i++) _free.TryPut(new ExtentNotice());
    }

    /// <summary>Runs on a thread of its own until every missing extent is verified.</summary>
    public Task RunAsync() => DataThread.Run("dwcp bulk receive", Run);

    /// <summary>Hands over what the session said about the next extent.</summary>
    /// <exception cref="DwcpProtocolException">The sender has no credit for it.</exception>
    public void Deliver(ReadOnlySpan<byte> payload)
    {
        if (!_free.TryTake(out var notice)) throw new DwcpProtocolException($"The sender announced more than {BulkLimits.Credits} extents that were not acknowledged.");
        notice.Read(payload);
        _arrived.TryPut(notice);
        _payload.Wake();
    }

    /// <summary>Makes <see cref="RunAsync"/> end soon.</summary>
    public void Stop(Exception reason)
    {
        _arrived.End(reason);
        _free.End(reason);
        _payload.Abort();
    }

    private void Run()
    {
        for (long number = 0; number < _missing.Length; number++)
        {
            var extent = _missing[number];
            var notice = _payload.ReadsAfterNotice ? WaitForNotice() : null;
            Copy(number, extent);
            notice ??= WaitForNotice();
            Verify(extent, notice);
            _partial.Record(extent, notice.Checksum);
            DatacenterCounters.ExtentVerified(BulkLimits.LengthOf(_partial.Map.Bytes, extent), authenticated: _mac is not null);
            _free.TryPut(notice);
            _verified(extent);
        }
    }

    private ExtentNotice WaitForNotice()
    {
        ExtentNotice? notice;
        while (!_arrived.TryTake(out notice)) _payload.Wait();
        return notice;
    }

    private void Copy(long number, int extent)
    {
        _hash.Reset();
        var length = BulkLimits.LengthOf(_partial.Map.Bytes, extent);
        var piece = (long)extent * BulkLimits.PiecesPerExtent;
        for (var offset = 0; offset < length; offset += BulkLimits.PieceBytes, piece++)
        {
            var copy = _framed.AsSpan(1, Math.Min(BulkLimits.PieceBytes, length - offset));
            _payload.Read(number, offset, copy);
            _hash.Append(copy);
            _mac?.Compute(piece, copy, TagOf(offset / BulkLimits.PieceBytes));
            _partial.Write(piece, _framed.AsSpan(0, copy.Length + 1));
        }
    }

    private void Verify(int extent, ExtentNotice notice)
    {
        var pieces = (BulkLimits.LengthOf(_partial.Map.Bytes, extent) + BulkLimits.PieceBytes - 1) / BulkLimits.PieceBytes;
        if (notice.Extent != extent) throw new DwcpProtocolException($"Extent {notice.Extent} was announced where {extent} is due.");
        if (notice.TagCount != (_mac is null ? 0 : pieces)) throw new DwcpProtocolException($"Extent {extent} came with {notice.TagCount} tags.");
        var authentic = true;
        if (_mac is not null)
        {
            for (var i = 0; i < pieces; i++) authentic &= System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(TagOf(i), notice.Tag(i));
        }

        if (authentic && _hash.GetCurrentHashAsUInt64() == notice.Checksum) return;
        DatacenterCounters.ExtentRefused();
        throw new DwcpProtocolException(
            DwcpErrorCode.CorruptChunk,
            authentic
                ? $"Extent {extent} has another checksum than its sender computed: it was damaged on its way, or its buffer was written again. Nothing of it is kept."
                : $"Extent {extent} is not what its sender authenticated: somebody changed it on its way. Nothing of it is kept.");
    }

    private Span<byte> TagOf(int piece) => _tags.AsSpan(piece * BulkLimits.TagBytes, BulkLimits.TagBytes);
}
