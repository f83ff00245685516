namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>One codec ready to run on one member again and again, with buffers of its own.</summary>
internal sealed class CodecTrial
{
    private readonly byte[] _data;
    private readonly byte[] _encoded;
    private readonly byte[] _decoded;
    private readonly int[] _lengths;
    private readonly (int Start, int Length, int Place)[] _pieces;

    /// <param name="codec">The codec.</param>
    /// <param name="member">The member's name.</param>
    /// <param name="data">Its bytes.</param>
    /// <param name="pieceLength">Bytes that are coded on their own.</param>
    public CodecTrial(ICodec codec, string member, byte[] data, int pieceLength)
    {
        Codec = codec;
        Member = member;
        _data = data;
        List<(int, int, int)> pieces = [];
        int room = 0;
        for (int start = 0; start < data.Length; start += pieceLength)
        {
            int length = Math.Min(pieceLength, data.Length - start);
            pieces.Add((start, length, room));
            room += codec.MaxEncoded(length);
        }

        _pieces = [.. pieces];
        _lengths = new int[_pieces.Length];
        _encoded = new byte[room];
        _decoded = new byte[data.Length];
    }

    public ICodec Codec { get; }

    public string Member { get; }

    public int Pieces => _pieces.Length;

    public void Encode(int piece)
    {
        (int start, int length, int place) = _pieces[piece];
        _lengths[piece] = Codec.Encode(_data.AsSpan(start, length), _encoded.AsSpan(place, Codec.MaxEncoded(length)));
    }

    public void Decode(int piece)
    {
        (int start, int length, int place) = _pieces[piece];
        Codec.Decode(_encoded.AsSpan(place, _lengths[piece]), _decoded.AsSpan(start, length));
    }

    /// <summary>What was measured, once it is seen that the member came back as it was.</summary>
    /// <exception cref="InvalidOperationException">It did not.</exception>
    public CodecResult Result(double encodeSeconds, double decodeSeconds) =>
        _decoded.AsSpan().SequenceEqual(_data)
            ? new CodecResult(Member, Codec.Family, Codec.Name, _data.Length, _lengths.Sum(), encodeSeconds, decodeSeconds)
            : throw new InvalidOperationException($"{Codec.Name} did not return {Member} as it was.");
}
