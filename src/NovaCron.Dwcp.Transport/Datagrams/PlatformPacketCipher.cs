using System.Security.Cryptography;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>The ciphers of .NET: everywhere, and the reference for <see cref="OpenSslPacketCipher"/>.</summary>
internal sealed class PlatformPacketCipher : IPacketCipher
{
    private readonly AesGcm? _aes;
    private readonly ChaCha20Poly1305? _chaCha;

    /// <param name="key">32 bytes; copied.</param>
    /// <param name="chaCha">ChaCha20-Poly1305 instead of AES-256-GCM.</param>
    public PlatformPacketCipher(ReadOnlySpan<byte> key, bool chaCha)
    {
        if (chaCha) _chaCha = new ChaCha20Poly1305(key);
        else _aes = new AesGcm(key, PacketProtection.TagSize);
    }

    public void Seal(ReadOnlySpan<byte> nonce, Span<byte> payload, Span<byte> tag, ReadOnlySpan<byte> associated)
    {
        if (_aes is not null) _aes.Encrypt(nonce, payload, payload, tag, associated);
        else _chaCha!.Encrypt(nonce, payload, payload, tag, associated);
    }

    public bool TryOpen(ReadOnlySpan<byte> nonce, Span<byte> payload, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associated)
    {
        try
        {
            if (_aes is not null) _aes.Decrypt(nonce, payload, tag, payload, associated);
            else _chaCha!.Decrypt(nonce, payload, tag, payload, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            // Anyone can send us anything: not an error, and the caller counts it.
            return false;
        }
    }

    public void Dispose()
    {
        _aes?.Dispose();
        _chaCha?.Dispose();
    }
}
