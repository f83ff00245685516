using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace NovaCron.Dwcp.Rehearsal.Spdy;

/// <summary>
/// Reads the header blocks of one SPDY/3.1 connection: one zlib stream over all of them, with a preset dictionary. .NET inflates without preset dictionaries, so the
/// dictionary goes first as a stored block whose output is thrown away: the window then holds what it has to.
/// </summary>
internal sealed class SpdyHeaderInflater : IDisposable
{
    private const int MaxHeaders = 64;
    private const int MaxTextBytes = 4096;
    private const int ZlibHeaderBytes = 6;

    private readonly Feed _feed = new();
    private readonly DeflateStream _inflate;
    private bool _begun;

    public SpdyHeaderInflater() => _inflate = new DeflateStream(_feed, CompressionMode.Decompress);

    /// <summary>The headers of the next block; names without regard to case.</summary>
    /// <exception cref="SpdyException">It is no header block, or one with too many or too long headers.</exception>
    public Dictionary<string, string> Read(ReadOnlySpan<byte> block)
    {
        try
        {
            if (!_begun)
            {
                Begin(block);
                block = block[ZlibHeaderBytes..];
            }
            _feed.Append(block);
            var count = ReadNumber(MaxHeaders, "headers");
            var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            for (var i = 0; i < count; i++)
            {
                var name = ReadText();
                headers[name] = ReadText();
            }
            return headers;
        }
        catch (InvalidDataException e)
        {
            throw new SpdyException($"A SPDY header block does not inflate: {e.Message}", e);
        }
    }

    public void Dispose() => _inflate.Dispose();

    private void Begin(ReadOnlySpan<byte> block)
    {
        const int Deflate = 8, HasDictionary = 0x20;
        if (block.Length < ZlibHeaderBytes || (block[0] & 0x0F) != Deflate || (block[1] & HasDictionary) == 0
            || BinaryPrimitives.ReadUInt32BigEndian(block[2..]) != SpdyDictionary.Checksum)
        {
            throw new SpdyException("The first SPDY header block is not compressed with the dictionary of SPDY/3.");
        }
        var dictionary = SpdyDictionary.Bytes;
        Span<byte> stored = stackalloc byte[5];
        BinaryPrimitives.WriteUInt16LittleEndian(stored[1..], (ushort)dictionary.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(stored[3..], (ushort)~dictionary.Length);
        _feed.Append(stored);
        _feed.Append(dictionary);
        ReadExactly(new byte[dictionary.Length]);
        _begun = true;
    }

    private string ReadText()
    {
        var bytes = new byte[ReadNumber(MaxTextBytes, "bytes in a header")];
        ReadExactly(bytes);
        return Encoding.ASCII.GetString(bytes);
    }

    private int ReadNumber(int maximum, string what)
    {
        Span<byte> bytes = stackalloc byte[4];
        ReadExactly(bytes);
        var number = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        return number <= maximum ? (int)number : throw new SpdyException($"A SPDY header block has {number} {what}; at most {maximum} are read.");
    }

    private void ReadExactly(Span<byte> destination)
    {
        if (_inflate.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) < destination.Length) throw new SpdyException("A SPDY header block is cut short.");
    }

    // What has come and was not inflated yet.
    private sealed class Feed : MemoryStream
    {
        public void Append(ReadOnlySpan<byte> data)
        {
            var at = Position;
            if (at == Length) SetLength(at = 0);
            Position = Length;
            Write(data);
            Position = at;
        }
    }
}
