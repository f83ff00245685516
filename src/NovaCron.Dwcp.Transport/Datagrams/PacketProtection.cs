using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>
/// Seals and opens the datagrams of one direction of one path: AES-256-GCM (NIST SP 800-38D), or ChaCha20-Poly1305
/// (RFC 8439) where the processor has no AES. The nonce is the IV xor the packet number (RFC 9001, section 5.3); keys are
/// replaced every 2^23 packets, far below the confidentiality limit of RFC 9001, section 6.6. Not thread-safe.
/// </summary>
public sealed class PacketProtection : IDisposable
{
    /// <summary>Bytes that sealing adds.</summary>
    public const int TagSize = 16;

    /// <summary>Packets sealed with one key.</summary>
    public const long DefaultPacketsPerEpoch = 1L << 23;

    /// <summary>Bytes of a nonce.</summary>
    internal const int NonceSize = 12;

    private const int SecretSize = 32;

    private readonly bool _chaCha;
    private readonly long _packetsPerEpoch;
    private byte[] _secret;
    private Keys _current;
    private Keys? _next;
    private Keys? _previous;
    private long _epoch;

    /// <summary>Derives the first keys.</summary>
    /// <param name="secret">32 bytes that both ends agreed on inside TLS (<see cref="DeriveSecret"/>); copied.</param>
    /// <param name="label">What the keys are for: direction and path. The two directions must differ.</param>
    /// <param name="chaCha">Use ChaCha20-Poly1305; both ends must agree.</param>
    /// <param name="packetsPerEpoch">Packets sealed with one key; both ends must agree.</param>
    /// <exception cref="ArgumentException">The secret is not 32 bytes.</exception>
    public PacketProtection(ReadOnlySpan<byte> secret, string label, bool chaCha = false, long packetsPerEpoch = DefaultPacketsPerEpoch)
    {
        if (secret.Length != SecretSize) throw new ArgumentException("The secret must be 32 bytes.", nameof(secret));
        _chaCha = chaCha;
        _packetsPerEpoch = packetsPerEpoch;
        _secret = Expand(secret, label, SecretSize);
        _current = Derive();
    }

    /// <summary>Completed key changes.</summary>
    public long Epoch => _epoch;

    /// <summary>
    /// The secret of a connection: HKDF-SHA-256 (RFC 5869) over both ends' random bytes, salted with a hash of the whole
    /// negotiation, so that neither end alone chooses it and a changed negotiation changes it.
    /// </summary>
    /// <param name="clientRandom">32 random bytes of the client, sent inside TLS.</param>
    /// <param name="serverRandom">32 random bytes of the server, sent inside TLS.</param>
    /// <param name="negotiation">Versions, session, principal and the server's certificate, as both ends saw them.</param>
    public static byte[] DeriveSecret(ReadOnlySpan<byte> clientRandom, ReadOnlySpan<byte> serverRandom, ReadOnlySpan<byte> negotiation)
    {
        Span<byte> input = stackalloc byte[clientRandom.Length + serverRandom.Length];
        clientRandom.CopyTo(input);
        serverRandom.CopyTo(input[clientRandom.Length..]);
        Span<byte> salt = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(negotiation, salt);
        var secret = new byte[SecretSize];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, input, secret, salt, "dwcp/3 datagrams"u8);
        CryptographicOperations.ZeroMemory(input);
        return secret;
    }

    /// <summary>The epoch byte for a packet that is about to be sealed; changes keys when it is time.</summary>
    public byte EpochFor(long number)
    {
        while (number / _packetsPerEpoch > _epoch) Advance();
        return (byte)_epoch;
    }

    /// <summary>Seals a datagram in place.</summary>
    /// <param name="datagram">Header, then the payload, then room for the tag.</param>
    /// <param name="number">The packet number in the header.</param>
    public void Seal(Span<byte> datagram, long number)
    {
        var payload = datagram[PacketHeader.Size..^TagSize];
        _current.Encrypt(number, payload, datagram[^TagSize..], datagram[..PacketHeader.Size]);
    }

    /// <summary>Opens a datagram in place.</summary>
    /// <param name="datagram">The whole datagram; its payload is replaced by the opened one.</param>
    /// <param name="header">Its header.</param>
    /// <returns>False if it was not sealed with our keys: it is dropped, counted and never answered.</returns>
    public bool TryOpen(Span<byte> datagram, in PacketHeader header)
    {
        // The number tells the epoch; a byte that disagrees was not written by our peer.
        var epoch = header.Number / _packetsPerEpoch;
        if ((byte)epoch != header.Epoch) return false;
        var payload = datagram[PacketHeader.Size..^TagSize];
        var tag = datagram[^TagSize..];
        var associated = datagram[..PacketHeader.Size];
        if (epoch == _epoch) return _current.TryDecrypt(header.Number, payload, tag, associated);
        if (epoch == _epoch - 1) return _previous?.TryDecrypt(header.Number, payload, tag, associated) ?? false;
        if (epoch != _epoch + 1) return false;

        // The peer changed keys. Ours follow only when the datagram proves it: a forged one costs a trial, not the keys.
        _next ??= DeriveNext();
        if (!_next.TryDecrypt(header.Number, payload, tag, associated)) return false;
        Advance();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(_secret);
        _current.Dispose();
        _next?.Dispose();
        _previous?.Dispose();
    }

    private static byte[] Expand(ReadOnlySpan<byte> secret, string label, int size)
    {
        var output = new byte[size];
        HKDF.Expand(HashAlgorithmName.SHA256, secret, output, Encoding.ASCII.GetBytes("dwcp/3 " + label));
        return output;
    }

    private void Advance()
    {
        var next = _next ?? DeriveNext();
        _next = null;
        var secret = Expand(_secret, "update", SecretSize);
        CryptographicOperations.ZeroMemory(_secret);
        _secret = secret;
        _previous?.Dispose();
        _previous = _current;
        _current = next;
        _epoch++;
    }

    private Keys Derive() => new(Expand(_secret, "key", 32), Expand(_secret, "iv", NonceSize), _chaCha);

    private Keys DeriveNext()
    {
        var secret = Expand(_secret, "update", SecretSize);
        try
        {
            return new Keys(Expand(secret, "key", 32), Expand(secret, "iv", NonceSize), _chaCha);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    private sealed class Keys : IDisposable
    {
        private readonly IPacketCipher _cipher;
        private readonly byte[] _iv;

        public Keys(byte[] key, byte[] iv, bool chaCha)
        {
            _iv = iv;
            _cipher = (chaCha ? null : OpenSslPacketCipher.TryCreate(key)) ?? (IPacketCipher)new PlatformPacketCipher(key, chaCha);
            CryptographicOperations.ZeroMemory(key);
        }

        public void Encrypt(long number, Span<byte> payload, Span<byte> tag, ReadOnlySpan<byte> associated)
        {
            Span<byte> nonce = stackalloc byte[NonceSize];
            Nonce(number, nonce);
            _cipher.Seal(nonce, payload, tag, associated);
        }

        public bool TryDecrypt(long number, Span<byte> payload, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associated)
        {
            Span<byte> nonce = stackalloc byte[NonceSize];
            Nonce(number, nonce);
            return _cipher.TryOpen(nonce, payload, tag, associated);
        }

        public void Dispose()
        {
            CryptographicOperations.ZeroMemory(_iv);
            _cipher.Dispose();
        }

        private void Nonce(long number, Span<byte> nonce)
        {
            _iv.CopyTo(nonce);
            BinaryPrimitives.WriteInt64BigEndian(nonce[4..], BinaryPrimitives.ReadInt64BigEndian(nonce[4..]) ^ number);
        }
    }
}
