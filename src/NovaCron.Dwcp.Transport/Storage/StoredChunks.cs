using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Codec.Dictionary.Chunking;
using NovaCron.Dwcp.Transport.Files;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Reads single chunks of a principal's store, proved, for comparing. Whatever is wrong with one makes it unavailable, no more. For one reader at a time.</summary>
internal sealed class StoredChunks(PrincipalStore store) : IDisposable
{
    // More packs than this are opened again when needed: descriptors are bounded.
    private const int MaxOpenPacks = 8;

    private readonly Dictionary<int, IStoreFile> _open = [];
    private byte[] _payload = [];

    /// <summary>Reads a chunk.</summary>
    /// <param name="hash">Its address.</param>
    /// <param name="location">Where it lies.</param>
    /// <param name="destination">At least its length.</param>
    /// <returns>False when it cannot be had, or is not durable yet.</returns>
    public bool TryRead(in ContentHash hash, in ChunkLocation location, Span<byte> destination)
    {
        if (!store.IsDurable(location) || location.StoredLength > BlockCodec.MaxEncodedLength(FastCdc.DefaultMaximum) || location.RawLength > destination.Length) return false;
        if (_payload.Length == 0) _payload = new byte[BlockCodec.MaxEncodedLength(FastCdc.DefaultMaximum)];
        var payload = _payload.AsSpan(0, location.StoredLength);
        var raw = destination[..location.RawLength];
        try
        {
            if (OpenPack(location.Pack) is not { } pack || pack.Read(payload, location.Offset) != payload.Length) return false;
            BlockCodec.Decode(payload, raw);
        }
        catch (Exception e) when (e is IOException or DwcpFormatException or DwcpTransferException)
        {
            return false; // whoever reads the object itself will hear what is wrong with it
        }

        return ContentHash.Of(raw) == hash;
    }

    public void Dispose()
    {
        foreach (var pack in _open.Values) pack.Dispose();
        _open.Clear();
    }

    private IStoreFile? OpenPack(int number)
    {
        if (_open.TryGetValue(number, out var pack)) return pack;
        if (_open.Count >= MaxOpenPacks) Dispose();
        pack = store.OpenPackForReading(number);
        if (pack is not null) _open.Add(number, pack);
        return pack;
    }
}
