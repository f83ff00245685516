using System.Security.Cryptography;

namespace NovaCron.Dwcp.Transport.Paths;

/// <summary>What both ends of the carrier over several TLS connections say (docs/format.md, "Carriers").</summary>
internal static class TcpStreamsCarrier
{
    public const int Number = 2;
    public const string Name = "TCP streams";
    public const int MaximumStreams = 64;
    public const int TokenSize = 32;

    /// <summary>Connections where each fights loss alone, as CUBIC does: what browsers and download tools settle on.</summary>
    public const int DefaultStreams = 8;

    /// <summary>Connections where the kernel's BBR fills the path with one: a second one for the moments in which the first repairs a loss.</summary>
    public const int ModelledStreams = 2;

    private const byte MessageVersion = 1;

    public static byte[] WriteOffer(int streams) => [MessageVersion, (byte)streams];

    /// <exception cref="DwcpProtocolException">It is no such offer.</exception>
    public static int ReadOffer(ReadOnlySpan<byte> offer) =>
        offer.Length == 2 && offer[0] == MessageVersion && offer[1] is >= 1 and <= MaximumStreams
            ? offer[1]
            : throw new DwcpProtocolException("The offer of a carrier over several connections is malformed, or of a version that is not spoken here.");

    public static byte[] WriteAnswer(ReadOnlySpan<byte> token) => [MessageVersion, .. token];

    /// <exception cref="DwcpProtocolException">It is no such answer.</exception>
    public static byte[] ReadAnswer(ReadOnlySpan<byte> answer) =>
        answer.Length == 1 + TokenSize && answer[0] == MessageVersion
            ? answer[1..].ToArray()
            : throw new DwcpProtocolException("The answer of a carrier over several connections is malformed.");

    public static byte[] NewToken() => RandomNumberGenerator.GetBytes(TokenSize);
}
