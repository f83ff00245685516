using System.Buffers.Binary;
using NovaCron.Dwcp.Codec;

namespace NovaCron.Dwcp.Benchmarks.Codec;

/// <summary>Our blocks, each behind its length, at the block length of the level unless another is given.</summary>
internal sealed class DwcpBlocks(DwcpLevel level, int blockLength) : ICodec
{
    public string Family => "dwcp";

    public string Name => $"dwcp {level}";

    public string Version => typeof(BlockCodec).Assembly.GetName().Version!.ToString(3);

    public int Granularity => blockLength;

    public int MaxEncoded(int length) => length + (length / blockLength + 1) * 8;

    public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int n = 0;
        for (int start = 0; start < source.Length; start += blockLength)
        {
            int length = Math.Min(blockLength, source.Length - start);
            int encoded = BlockCodec.Encode(source.Slice(start, length), destination[(n + 4)..], level);
            BinaryPrimitives.WriteInt32LittleEndian(destination[n..], encoded);
            n += encoded + 4;
        }

        return n;
    }

    public void Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        for (int start = 0; start < destination.Length; start += blockLength)
        {
            int encoded = BinaryPrimitives.ReadInt32LittleEndian(source);
            BlockCodec.Decode(source.Slice(4, encoded), destination.Slice(start, Math.Min(blockLength, destination.Length - start)));
            source = source[(4 + encoded)..];
        }
    }
}
