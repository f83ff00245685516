namespace NovaCron.Dwcp.Transport.Transfers;

/// <summary>The node's answer to an opening.</summary>
/// <param name="Version">The version to speak.</param>
/// <param name="Session">The open session, or null when <paramref name="Version"/> needs another connection.</param>
public sealed record SessionAnswer(int Version, IClientSession? Session);
