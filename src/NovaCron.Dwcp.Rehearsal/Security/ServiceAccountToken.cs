namespace NovaCron.Dwcp.Rehearsal.Security;

/// <summary>A token that was issued.</summary>
/// <param name="Token">The token.</param>
/// <param name="Expires">When it ends.</param>
public sealed record ServiceAccountToken(string Token, DateTimeOffset Expires);
