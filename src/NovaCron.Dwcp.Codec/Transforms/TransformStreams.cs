namespace NovaCron.Dwcp.Codec.Transforms;

/// <summary>
/// What a transform makes of a block: parameters and streams, in buffers that stay for the next block. The streams together are hardly
/// longer than the block, which bounds what a decoder allocates.
/// </summary>
internal sealed class TransformStreams
{
    /// <summary>The most streams of a transform.</summary>
    public const int MaxStreams = 5;

    /// <summary>The longest parameters, bytes.</summary>
    public const int MaxParameters = 1 << 12;

    /// <summary>What the streams may be longer together than the block, bytes.</summary>
    public const int MaxGrowth = 1 << 14;

    private readonly byte[] _parameters = new byte[MaxParameters];
    private byte[] _content = [];

    private readonly int[] _starts = new int[MaxStreams + 1];
    private int _parametersLength;

    /// <summary>How many streams there are.</summary>
    public int Count { get; private set; }

    /// <summary>The transform's parameters.</summary>
    public ReadOnlySpan<byte> Parameters => _parameters.AsSpan(0, _parametersLength);

    /// <summary>Forgets everything and makes room for the streams of a block.</summary>
    public void Clear(int blockLength)
    {
        Count = 0;
        _parametersLength = 0;
        int room = checked(blockLength + MaxGrowth);
        if (_content.Length < room)
        {
            _content = GC.AllocateUninitializedArray<byte>(room);
        }

        Room = room;
    }

    /// <summary>The length that all streams may have together.</summary>
    public int Room { get; private set; }

    /// <summary>What is left for further streams.</summary>
    public int Left => Room - _starts[Count];

    /// <summary>Adds bytes to the parameters.</summary>
    /// <returns>False when they are too many.</returns>
    public bool AddParameters(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxParameters - _parametersLength)
        {
            return false;
        }

        bytes.CopyTo(_parameters.AsSpan(_parametersLength));
        _parametersLength += bytes.Length;
        return true;
    }

    /// <summary>Adds a stream, to be filled by the caller; at most <see cref="Left"/> bytes.</summary>
    public Span<byte> Add(int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Left);
        _starts[Count + 1] = _starts[Count] + length;
        return this[Count++];
    }

    /// <summary>A stream.</summary>
    public Span<byte> this[int index] => _content.AsSpan(_starts[index], _starts[index + 1] - _starts[index]);
}
