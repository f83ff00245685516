using System.Net;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>A client's offer, authenticated by its session.</summary>
/// <param name="Offer">What the client's carrier wrote.</param>
/// <param name="Negotiation">What both ends saw of the negotiation, equal on both.</param>
/// <param name="Client">The client's address on TCP.</param>
public sealed record ServerCarrierRequest(ReadOnlyMemory<byte> Offer, ReadOnlyMemory<byte> Negotiation, EndPoint Client);
