using System.IO.Hashing;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Codec.Entropy;

namespace NovaCron.Dwcp.Codec.Dictionary.Resemblance;

/// <summary>
/// A chunk as its difference from a similar one that only the receiver has (docs/codec-format.md, "Differences"): the receiver cuts its chunk into
/// pieces of about a kilobyte by content and tells their fingerprints; the sender cuts likewise and names the pieces that are the same (remote
/// differential compression: Teodosiu et al., 2006; rsync's idea with FastCDC's cuts). The result must be checked against the chunk's own hash.
/// </summary>
public sealed class ChunkDifference
{
    /// <summary>First byte of a payload that is a difference; no method of <see cref="BlockCodec"/> has this number.</summary>
    public const byte Method = 0x80;

    /// <summary>Bytes of a fingerprint. Two different pieces of a pair of chunks of 64 KiB are taken for the same once in 10^11 pairs; the chunk's hash then tells.</summary>
    public const int FingerprintSize = 6;

    /// <summary>The most pieces of a chunk.</summary>
    public const int MaxPieces = (FastCdc.DefaultMaximum + PieceMinimum - 1) / PieceMinimum;

    private const int PieceMinimum = 256;

    // Beyond this share of a chunk as literals the difference is not worth its pieces: 7 / 8.
    private const int WorthNumerator = 7;
    private const int WorthDenominator = 8;

    private static readonly FastCdc Pieces = new(PieceMinimum, 1024, 4096);

    private readonly int[] _starts = new int[MaxPieces + 1];
    private readonly Dictionary<ulong, int> _known = [];
    private readonly List<(int Literals, int First, int Count)> _operations = [];
    private byte[] _literals = [];

    /// <summary>The fingerprints of a chunk's pieces.</summary>
    /// <param name="chunk">The chunk, at most <see cref="FastCdc.DefaultMaximum"/> bytes.</param>
    /// <param name="seed">Chosen at random by whoever tells them, so that nobody can make content whose fingerprints collide.</param>
    /// <param name="fingerprints">Filled in order.</param>
    public static void Describe(ReadOnlySpan<byte> chunk, ulong seed, ICollection<ulong> fingerprints)
    {
        ArgumentNullException.ThrowIfNull(fingerprints);
        while (!chunk.IsEmpty)
        {
            int length = Pieces.Cut(chunk);
            fingerprints.Add(Fingerprint(chunk[..length], seed));
            chunk = chunk[length..];
        }
    }

    /// <summary>Encodes a chunk as its difference from a similar one.</summary>
    /// <param name="chunk">The chunk, at most <see cref="FastCdc.DefaultMaximum"/> bytes.</param>
    /// <param name="similar">What is known of the other.</param>
    /// <param name="destination">At least <see cref="BlockCodec.MaxEncodedLength"/> of the chunk's bytes.</param>
    /// <param name="level">How hard to compress what differs.</param>
    /// <returns>The bytes written, or 0 when the two have too little in common.</returns>
    public int Encode(ReadOnlySpan<byte> chunk, SimilarChunk similar, Span<byte> destination, DwcpLevel level)
    {
        ArgumentNullException.ThrowIfNull(similar);
        _known.Clear();
        for (int i = 0; i < similar.Fingerprints.Length; i++)
        {
            _known.TryAdd(similar.Fingerprints[i], i);
        }

        if (_literals.Length < chunk.Length)
        {
            _literals = GC.AllocateUninitializedArray<byte>(Math.Max(chunk.Length, FastCdc.DefaultMaximum));
        }

        _operations.Clear();
        int literals = 0;
        int pending = 0;
        int next = -1;
        for (ReadOnlySpan<byte> rest = chunk; !rest.IsEmpty;)
        {
            ReadOnlySpan<byte> piece = rest[..Pieces.Cut(rest)];
            rest = rest[piece.Length..];
            ulong fingerprint = Fingerprint(piece, similar.Seed);
            bool goesOn = pending == 0 && next >= 0 && next < similar.Fingerprints.Length && similar.Fingerprints[next] == fingerprint;
            if (goesOn)
            {
                (int before, int first, int count) = _operations[^1];
                _operations[^1] = (before, first, count + 1);
                next++;
            }
            else if (_known.TryGetValue(fingerprint, out int index))
            {
                _operations.Add((pending, index, 1));
                pending = 0;
                next = index + 1;
            }
            else
            {
                piece.CopyTo(_literals.AsSpan(literals));
                literals += piece.Length;
                pending += piece.Length;
            }
        }

        int room = 1 + Bytes.MaxVarint * (1 + 3 * _operations.Count) + BlockCodec.MaxEncodedLength(literals);
        if (literals > (long)chunk.Length * WorthNumerator / WorthDenominator || room > destination.Length)
        {
            return 0;
        }

        destination[0] = Method;
        int n = 1 + Bytes.WriteVarint(destination[1..], (uint)_operations.Count);
        foreach ((int before, int first, int count) in _operations)
        {
            n += Bytes.WriteVarint(destination[n..], (uint)before);
            n += Bytes.WriteVarint(destination[n..], (uint)first);
            n += Bytes.WriteVarint(destination[n..], (uint)count);
        }

        return literals == 0 ? n : n + BlockCodec.Encode(_literals.AsSpan(0, literals), destination[n..], level);
    }

    /// <summary>Restores a chunk.</summary>
    /// <param name="payload">The difference, with its method byte.</param>
    /// <param name="similar">The bytes of the chunk that it differs from.</param>
    /// <param name="exactDestination">Filled exactly.</param>
    /// <exception cref="DwcpFormatException">The payload is malformed, or does not give exactly so many bytes.</exception>
    public void Decode(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> similar, Span<byte> exactDestination)
    {
        if (Bytes.Take(ref payload, 1)[0] != Method)
        {
            throw new DwcpFormatException("This payload is not a difference.");
        }

        int pieces = Cut(similar);
        uint operations = Bytes.ReadVarint(ref payload);
        ReadOnlySpan<byte> list = payload;
        long copied = 0;
        long literals = 0;
        for (uint i = 0; i < operations; i++)
        {
            literals += Bytes.ReadVarint(ref payload);
            uint first = Bytes.ReadVarint(ref payload);
            uint count = Bytes.ReadVarint(ref payload);
            if (count == 0 || first >= (uint)pieces || count > (uint)pieces - first)
            {
                throw new DwcpFormatException($"A difference names pieces {first} to {(long)first + count} of {pieces}.");
            }

            copied += _starts[first + count] - _starts[first];
            if (copied + literals > exactDestination.Length)
            {
                throw new DwcpFormatException($"A difference gives more than the {exactDestination.Length} bytes of its chunk.");
            }
        }

        int total = exactDestination.Length - (int)copied;
        if (_literals.Length < total)
        {
            _literals = GC.AllocateUninitializedArray<byte>(Math.Max(total, FastCdc.DefaultMaximum));
        }

        ReadOnlySpan<byte> source = _literals.AsSpan(0, total);
        if (total > 0)
        {
            BlockCodec.Decode(payload, _literals.AsSpan(0, total));
        }
        else if (!payload.IsEmpty)
        {
            throw new DwcpFormatException("Bytes follow a difference without literals.");
        }

        for (uint i = 0; i < operations; i++)
        {
            int before = (int)Bytes.ReadVarint(ref list);
            int first = (int)Bytes.ReadVarint(ref list);
            int count = (int)Bytes.ReadVarint(ref list);
            Move(ref source, before, ref exactDestination);
            ReadOnlySpan<byte> run = similar[_starts[first].._starts[first + count]];
            Move(ref run, run.Length, ref exactDestination);
        }

        Move(ref source, source.Length, ref exactDestination);
    }

    private static void Move(ref ReadOnlySpan<byte> from, int count, ref Span<byte> to)
    {
        from[..count].CopyTo(to);
        from = from[count..];
        to = to[count..];
    }

    private static ulong Fingerprint(ReadOnlySpan<byte> piece, ulong seed) => XxHash3.HashToUInt64(piece, (long)seed) & (1UL << 8 * FingerprintSize) - 1;

    private int Cut(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length > FastCdc.DefaultMaximum)
        {
            throw new ArgumentException($"A chunk has at most {FastCdc.DefaultMaximum} bytes; this has {chunk.Length}.", nameof(chunk));
        }

        int pieces = 0;
        for (int at = 0; at < chunk.Length;)
        {
            at += Pieces.Cut(chunk[at..]);
            _starts[++pieces] = at;
        }

        return pieces;
    }
}
