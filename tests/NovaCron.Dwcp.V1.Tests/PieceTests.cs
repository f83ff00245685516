using NovaCron.Dwcp.Transport;

namespace NovaCron.Dwcp.V1.Tests;

/// <summary>What a peer may put into a Data message.</summary>
public sealed class PieceTests
{
    [Fact]
    public void A_piece_comes_back()
    {
        var bytes = Enumerable.Range(0, 50_000).Select(i => (byte)(i / 7)).ToArray();
        var destination = new byte[V1Limits.PieceBytes];
        var length = V1Stream.Expand(V1Stream.Compress(bytes), destination);
        Assert.True(destination.AsSpan(0, length).SequenceEqual(bytes));
    }

    [Theory]
    [InlineData("782000000000")] // wants a preset dictionary
    [InlineData("789c")] // says nothing
    [InlineData("789cff")] // a block of a type that does not exist
    [InlineData("00010203")]
    public void What_is_no_zlib_stream_is_the_peers_fault_or_nothing(string hex)
    {
        try
        {
            Assert.Equal(0, V1Stream.Expand(Convert.FromHexString(hex), new byte[100]));
        }
        catch (DwcpProtocolException e)
        {
            Assert.Equal((DwcpErrorCode.CorruptChunk, DwcpFault.Client), (e.Code, e.Fault));
        }
    }
}
