using NovaCron.Dwcp.Transport.Transfers;

namespace NovaCron.Dwcp.Tool.Commands;

/// <summary>A finished transfer as <c>--json</c> prints it: sizes in bytes, rates in bytes per second, times in seconds.</summary>
internal sealed record TransferReport
{
    public required string Hash { get; init; }

    public required long UserBytes { get; init; }

    public required long WireBytes { get; init; }

    public required double PercentSaved { get; init; }

    public required long Entries { get; init; }

    public required double Seconds { get; init; }

    public required double BytesPerSecond { get; init; }

    public required double? RetransmittedPercent { get; init; }

    public required double? RoundTripSeconds { get; init; }

    public required double? ChunkServiceP50Seconds { get; init; }

    public required double? ChunkServiceP99Seconds { get; init; }

    public required string Transport { get; init; }

    public required int Version { get; init; }

    public required int Attempts { get; init; }

    public required IReadOnlyList<string> Reasons { get; init; }

    public static TransferReport Of(TransferResult result) => new()
    {
        Hash = result.Root.ToString(),
        UserBytes = result.UserBytes,
        WireBytes = result.WireBytes,
        PercentSaved = result.PercentSaved,
        Entries = result.Entries,
        Seconds = result.Duration.TotalSeconds,
        BytesPerSecond = result.BytesPerSecond,
        RetransmittedPercent = result.RetransmittedPercent,
        RoundTripSeconds = result.RoundTrip?.TotalSeconds,
        ChunkServiceP50Seconds = result.ChunkServiceP50?.TotalSeconds,
        ChunkServiceP99Seconds = result.ChunkServiceP99?.TotalSeconds,
        Transport = result.Transport,
        Version = result.Version,
        Attempts = result.Attempts,
        Reasons = result.Reasons,
    };
}
