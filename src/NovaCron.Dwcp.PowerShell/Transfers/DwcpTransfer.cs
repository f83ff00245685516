using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.PowerShell.Transfers;

/// <summary>A finished transfer as Start-DwcpTransfer returns it: verified by both sides and committed.</summary>
/// <param name="Direction">Send or Receive.</param>
/// <param name="Remote">The object on the node.</param>
/// <param name="Local">The paths on this side.</param>
/// <param name="Result">What the transfer measured.</param>
public sealed record DwcpTransfer(string Direction, Uri Remote, IReadOnlyList<string> Local, TransferResult Result)
{
    /// <summary>Hash of the object: the Merkle root over its chunks, hexadecimal. Equal content has equal hashes.</summary>
    public string Hash => Result.Root.ToString();

    /// <summary>Bytes of the user's data.</summary>
    public long UserBytes => Result.UserBytes;

    /// <summary>Protocol bytes in both directions.</summary>
    public long WireBytes => Result.WireBytes;

    /// <summary>Percent of the user's bytes that did not have to travel.</summary>
    public double PercentSaved => Result.PercentSaved;

    /// <summary>User bytes per second, end to end, verified.</summary>
    public double BytesPerSecond => Result.BytesPerSecond;

    /// <summary>From the call to the verified commit.</summary>
    public TimeSpan Duration => Result.Duration;

    /// <summary>Files, directories and links.</summary>
    public long Entries => Result.Entries;

    /// <summary>Bytes that the receiver had already.</summary>
    public long SkippedBytes => Result.SkippedBytes;

    /// <summary>The way that carried it, such as UDP.</summary>
    public string Transport => Result.Transport;

    /// <summary>Percent of the bytes on the wire that were sent again, where the way counts it; null otherwise.</summary>
    public double? RetransmittedPercent => Result.RetransmittedPercent;

    /// <summary>Round-trip time of the path, or null when it was not measured.</summary>
    public TimeSpan? RoundTrip => Result.RoundTrip;

    /// <summary>Median time from sending a batch of chunks to its acknowledgement, or null without any.</summary>
    public TimeSpan? ChunkServiceP50 => Result.ChunkServiceP50;

    /// <summary>99th percentile of the same.</summary>
    public TimeSpan? ChunkServiceP99 => Result.ChunkServiceP99;

    /// <summary>Why that way, version and level, one sentence each.</summary>
    public IReadOnlyList<string> Reasons => Result.Reasons;

    /// <summary>Protocol version, 1 or 3.</summary>
    public int Version => Result.Version;

    /// <summary>Attempts made, 1 or more.</summary>
    public int Attempts => Result.Attempts;

    /// <summary>0: a transfer that fails is an error, never a result.</summary>
    public int ExitCode => 0;
}
