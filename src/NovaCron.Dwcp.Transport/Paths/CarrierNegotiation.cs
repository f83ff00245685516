using System.Security.Cryptography;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>What both ends saw before they agree on a carrier, in one form, so that keys derived over it differ when anybody changed a part.</summary>
internal static class CarrierNegotiation
{
    /// <param name="open">The payload of the Open frame: versions, client id, and the hash of the credential that names the principal.</param>
    /// <param name="sessionId">Of the OpenReply frame.</param>
    /// <param name="features">Of the OpenReply frame.</param>
    /// <param name="certificate">The node's certificate, DER.</param>
    public static byte[] Describe(OpenMessage open, string sessionId, ulong features, ReadOnlySpan<byte> certificate)
    {
        using var writer = new WireWriter();
        writer.Number(WireLimits.ProtocolVersion).Number(open.Versions.Count);
        foreach (var version in open.Versions) writer.Number(version);
        writer.Text(open.ClientId).Bytes(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(open.ApiKey)));
        writer.Text(sessionId).Number((long)features).Bytes(SHA256.HashData(certificate));
        return writer.Written.ToArray();
    }
}
