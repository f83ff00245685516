namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>One attempt that failed.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Version">The version that was spoken, or 0 when it failed before that was decided.</param>
/// <param name="Failure">What failed.</param>
public sealed record TransferAttempt(int Number, int Version, DwcpTransferException Failure);
