namespace NovaCron.Dwcp.Transport.Datagrams;

/// <summary>An authenticated cipher with its key, for datagrams sealed and opened in place. Not thread-safe.</summary>
internal interface IPacketCipher : IDisposable
{
    /// <summary>Seals in place.</summary>
    /// <param name="nonce">12 bytes, never used twice with the key.</param>
    /// <param name="payload">What to seal.</param>
    /// <param name="tag">Receives 16 bytes.</param>
    /// <param name="associated">Authenticated as it is.</param>
    void Seal(ReadOnlySpan<byte> nonce, Span<byte> payload, Span<byte> tag, ReadOnlySpan<byte> associated);

    /// <summary>Opens in place.</summary>
    /// <returns>False if it was not sealed with this key; the payload is zeroed then.</returns>
    bool TryOpen(ReadOnlySpan<byte> nonce, Span<byte> payload, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> associated);
}
