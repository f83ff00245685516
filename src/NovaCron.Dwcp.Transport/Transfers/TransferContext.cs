using System.Net;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Transport.Datacenter;

namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>What one attempt of a transfer counts and obeys; given to a session by <see cref="TransferClient"/>.</summary>
public sealed class TransferContext
{
    private Func<(long Sent, long Received)>? _wire;
    private (long Sent, long Received) _wireBefore;

    /// <summary>The codec's level.</summary>
    public DwcpLevel Level { get; init; } = DwcpLevel.Store;

    /// <summary>False makes the receiver forget what it has: everything travels.</summary>
    public bool Resume { get; init; } = true;

    /// <summary>True when an earlier attempt was cut off, so that the node looks afresh at what is stored.</summary>
    public bool Resuming { get; init; }

    /// <summary>The counters; they go on over retries.</summary>
    public TransferCounters Counters { get; init; } = new();

    /// <summary>Most bytes a second to send; null for as fast as it goes.</summary>
    public long? MaxRate { get; init; }

    /// <summary>The wish for the bulk path, or null.</summary>
    public DatacenterRequest? Datacenter { get; init; }

    /// <summary>The node's address, where its payload ports are.</summary>
    public EndPoint? Peer { get; init; }

    /// <summary>What the bulk path did, when it was used.</summary>
    public BulkReport? Bulk { get; set; }

    /// <summary>Why the bulk path was wished for and not used, or null.</summary>
    public string? BulkDeclined { get; set; }

    /// <summary>How far the bytes are believed.</summary>
    public BulkStatus Status { get; set; }

    /// <summary>User bytes in all, once known; set by a session that receives.</summary>
    public long? TotalBytes { get; set; }

    /// <summary>Protocol bytes of this attempt so far, in both directions.</summary>
    public (long Sent, long Received) Wire => Volatile.Read(ref _wire) is { } wire ? wire() : _wireBefore;

    /// <summary>A session tells where its protocol bytes are counted.</summary>
    public void CountWireFrom(Func<(long Sent, long Received)> wire) => Volatile.Write(ref _wire, wire);

    /// <summary>The session's part is over; the last figure stays.</summary>
    public void StopCountingWire()
    {
        _wireBefore = Wire;
        Volatile.Write(ref _wire, null);
    }
}
