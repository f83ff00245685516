using System.Buffers.Binary;
using System.Security.Cryptography;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>
/// AES-256-GMAC (NIST SP 800-38D, section 3) of pieces under a key of one bulk stream. The nonce is the piece's number in the object: no piece travels twice under one key.
/// For one thread at a time.
/// </summary>
internal sealed class PieceMac : IDisposable
{
    private readonly AesGcm _aes;
    private readonly byte[] _nonce = new byte[12];

    public PieceMac(ReadOnlySpan<byte> key) => _aes = new AesGcm(key, BulkLimits.TagBytes);

    public void Compute(long piece, ReadOnlySpan<byte> bytes, Span<byte> tag)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_nonce, piece);
        _aes.Encrypt(_nonce, [], [], tag, bytes);
    }

    /// <returns>False when the bytes are not those that the tag was made for.</returns>
    public bool Verify(long piece, ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> tag)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_nonce, piece);
        try
        {
            _aes.Decrypt(_nonce, [], tag, [], bytes);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes.Dispose();
}
