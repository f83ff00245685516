using System.Net;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>One authenticated session.</summary>
/// <param name="Id">Random, for logs; never a credential.</param>
/// <param name="Version">A <see cref="VersionLabel"/>.</param>
/// <param name="Principal">Who.</param>
/// <param name="ClientId">Which client of theirs.</param>
/// <param name="RemoteEndPoint">From where.</param>
/// <param name="StartedAt">Since when.</param>
public sealed record SessionInfo(string Id, string Version, string Principal, string ClientId, EndPoint RemoteEndPoint, DateTimeOffset StartedAt);
