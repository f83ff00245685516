using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NovaCron.Dwcp.Transport.Sessions;

/// <summary>The client's place in the traffic split: the same on every node, and nested as the percentage grows.</summary>
public static class TrafficBucket
{
    /// <summary>Number of buckets; one is a hundredth of a percent.</summary>
    public const int Count = 10_000;

    /// <summary>First 8 bytes of SHA-256 of the UTF-8 client id, big-endian, modulo <see cref="Count"/>.</summary>
    public static int Of(string clientId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(clientId), hash);
        return (int)(BinaryPrimitives.ReadUInt64BigEndian(hash) % Count);
    }

    /// <summary>3 when the client's bucket is below <paramref name="percent"/> * 100, else 1.</summary>
    /// <param name="clientId">The client.</param>
    /// <param name="percent">0..100.</param>
    public static int VersionFor(string clientId, int percent) => Of(clientId) < percent * 100 ? 3 : 1;
}
