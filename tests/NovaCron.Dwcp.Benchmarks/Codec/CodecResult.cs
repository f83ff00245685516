using System.Globalization;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>One codec on one member.</summary>
/// <param name="Member">File name in the corpus.</param>
/// <param name="Family">zstd, xz, brotli, lz4 or dwcp.</param>
/// <param name="Codec">Family and level.</param>
/// <param name="Length">Bytes of the member, after its zero pages were taken out and it was cut.</param>
/// <param name="Encoded">Bytes it was coded to.</param>
/// <param name="EncodeSeconds">Best run.</param>
/// <param name="DecodeSeconds">Best run.</param>
internal sealed record CodecResult(string Member, string Family, string Codec, int Length, int Encoded, double EncodeSeconds, double DecodeSeconds)
{
    /// <summary>The member of nothing but zeros, which is in no mean: a ratio of thousands would hide all others.</summary>
    public const string ZeroMember = "zero";

    /// <summary>Percent of the length.</summary>
    public double Saved => 100.0 * (Length - Encoded) / Length;

    /// <summary>MB/s of decoded bytes.</summary>
    public double EncodeSpeed => Length / EncodeSeconds / 1e6;

    /// <summary>MB/s of decoded bytes.</summary>
    public double DecodeSpeed => Length / DecodeSeconds / 1e6;

    /// <summary>Whether this is better in all three figures: smaller, and faster both ways.</summary>
    public bool Dominates(CodecResult other) =>
        Encoded < other.Encoded && EncodeSeconds < other.EncodeSeconds && DecodeSeconds < other.DecodeSeconds;

    /// <summary>All fields, separated by tabs, for <see cref="Parse"/>.</summary>
    public string ToLine() => string.Create(CultureInfo.InvariantCulture, $"{Member}\t{Family}\t{Codec}\t{Length}\t{Encoded}\t{EncodeSeconds:R}\t{DecodeSeconds:R}");

    /// <summary>Reads what <see cref="ToLine"/> wrote.</summary>
    /// <exception cref="FormatException">The line is none of its lines.</exception>
    public static CodecResult Parse(string line) => line.Split('\t') is [var member, var family, var codec, var length, var encoded, var encode, var decode]
        ? new CodecResult(
            member, family, codec, int.Parse(length, CultureInfo.InvariantCulture), int.Parse(encoded, CultureInfo.InvariantCulture),
            double.Parse(encode, CultureInfo.InvariantCulture), double.Parse(decode, CultureInfo.InvariantCulture))
        : throw new FormatException($"\"{line}\" is no line of results: it needs seven fields, separated by tabs.");
}
