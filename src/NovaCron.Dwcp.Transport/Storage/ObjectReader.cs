using System.IO.Hashing;
using NovaCron.Dwcp.Codec;
using NovaCron.Dwcp.Transport.Files;
using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Storage;

/// <summary>Reads one committed object: its records in order, and payloads of its chunks. For one reader at a time.</summary>
internal sealed class ObjectReader : IDisposable
{
    // More packs than this are opened again when needed: descriptors are bounded.
    private const int MaxOpenPacks = 32;

    private readonly PrincipalStore _store;
    private readonly IStoreFile _manifest;
    private readonly string _name;
    private readonly ManifestTrailer _trailer;
    private readonly int[] _packs;
    private readonly Dictionary<int, IStoreFile> _open = [];
    private readonly byte[] _raw = new byte[Codec.Dictionary.Chunking.FastCdc.DefaultMaximum];

    public ObjectReader(PrincipalStore store, IStoreFile manifest, string name)
    {
        _store = store;
        _manifest = manifest;
        _name = name;
        _trailer = ManifestTrailer.Read(manifest, name);
        _packs = [.. _trailer.Packs.Select(store.Packs.NumberOf)];
    }

    public StoredObject Object => _trailer.Object;

    /// <summary>The records, a block at a time; each list is valid until the next is asked for.</summary>
    public IEnumerable<List<StoredRecord>> ReadBlocks()
    {
        var records = new List<StoredRecord>();
        var buffer = new byte[ManifestFormat.MaxBlockBytes];
        long offset = ManifestFormat.HeaderBytes;
        while (offset < _trailer.Offset)
        {
            offset += ReadBlock(offset, buffer, records);
            yield return records;
        }
    }

    /// <summary>Reads a chunk's payload and proves that it still is the chunk.</summary>
    /// <returns>Bytes of the payload.</returns>
    /// <exception cref="DwcpTransferException">The stored bytes are gone or damaged.</exception>
    public int ReadPayload(in ContentHash hash, in ChunkLocation location, Span<byte> destination)
    {
        var payload = destination[..location.StoredLength];
        if (Read(OpenPack(location.Pack), payload, location.Offset) != payload.Length) throw Corrupt(hash, location, "the pack ends before it");
        try
        {
            if (!BlockCodec.TryGetStored(payload, out var raw))
            {
                BlockCodec.Decode(payload, _raw.AsSpan(0, location.RawLength));
                raw = _raw.AsSpan(0, location.RawLength);
            }

            if (raw.Length != location.RawLength || ContentHash.Of(raw) != hash) throw Corrupt(hash, location, "it has another hash");
        }
        catch (DwcpFormatException e)
        {
            throw Corrupt(hash, location, e.Message);
        }

        return payload.Length;
    }

    /// <summary>Reads a chunk's own bytes without its SHA-256: for a receiver that recomputes the object's hash before it believes a byte.</summary>
    public void ReadUnverified(in ChunkLocation location, Span<byte> payloadBuffer, Span<byte> destination)
    {
        var pack = OpenPack(location.Pack);
        // What was stored as it is goes where it is wanted, not by way of a buffer.
        if (location.StoredLength == destination.Length + 1
            && Read(pack, payloadBuffer[..1], location.Offset) == 1
            && payloadBuffer[0] == BlockCodec.MethodStored
            && Read(pack, destination, location.Offset + 1) == destination.Length) return;

        var payload = payloadBuffer[..location.StoredLength];
        try
        {
            if (Read(pack, payload, location.Offset) == payload.Length)
            {
                BlockCodec.Decode(payload, destination);
                return;
            }
        }
        catch (DwcpFormatException e)
        {
            throw new DwcpTransferException(DwcpErrorCode.StoredDataCorrupt, DwcpFault.Server, $"A stored chunk of object '{Object.Path}' is damaged: {e.Message}. Send the object again.", e);
        }

        throw new DwcpTransferException(DwcpErrorCode.StoredDataCorrupt, DwcpFault.Server, $"The pack of object '{Object.Path}' ends before a chunk. Send the object again.");
    }

    /// <summary>Reads a chunk's own bytes, verified.</summary>
    public void ReadChunk(in ContentHash hash, in ChunkLocation location, Span<byte> payloadBuffer, Span<byte> destination)
    {
        var payload = payloadBuffer[..ReadPayload(hash, location, payloadBuffer)];
        BlockCodec.Decode(payload, destination[..location.RawLength]);
    }

    public void Dispose()
    {
        _manifest.Dispose();
        foreach (var pack in _open.Values) pack.Dispose();
        _open.Clear();
    }

    private int ReadBlock(long offset, byte[] buffer, List<StoredRecord> records)
    {
        var header = new byte[ManifestFormat.BlockHeaderBytes];
        if (Read(_manifest, header, offset) != header.Length) throw ManifestTrailer.Damaged(_name, "a block is missing");
        var reader = new WireReader(header);
        var length = reader.UInt32();
        var checksum = reader.UInt64();
        if (length > buffer.Length || offset + header.Length + length > _trailer.Offset) throw ManifestTrailer.Damaged(_name, "a block is out of place");
        var block = buffer.AsSpan(0, (int)length);
        if (Read(_manifest, block, offset + header.Length) != block.Length || XxHash3.HashToUInt64(block) != checksum)
            throw ManifestTrailer.Damaged(_name, "a block has another checksum");
        records.Clear();
        try
        {
            reader = new WireReader(block);
            while (!reader.AtEnd)
            {
                var record = ManifestRecord.Read(ref reader);
                ChunkLocation location = default;
                if (record.Kind == ManifestRecordKind.Chunk)
                {
                    var pack = _packs[reader.Count("pack", _packs.Length - 1)];
                    var position = reader.Number("offset", long.MaxValue);
                    var stored = reader.Count("stored length", BlockCodec.MaxEncodedLength((int)record.Length));
                    location = new ChunkLocation(pack, stored, (int)record.Length, position);
                }

                records.Add(new StoredRecord(record, location));
            }
        }
        catch (DwcpProtocolException e)
        {
            throw ManifestTrailer.Damaged(_name, e.Message);
        }

        return header.Length + (int)length;
    }

    private int Read(IStoreFile file, Span<byte> destination, long offset)
    {
        try
        {
            return file.Read(destination, offset);
        }
        catch (IOException e)
        {
            throw StorageFailure.From(e, $"read object '{Object.Path}'");
        }
    }

    private IStoreFile OpenPack(int pack)
    {
        if (_open.TryGetValue(pack, out var file)) return file;
        if (_open.Count >= MaxOpenPacks)
        {
            foreach (var other in _open.Values) other.Dispose();
            _open.Clear();
        }

        file = _store.OpenPackForReading(pack);
        if (file is null)
        {
            _store.Refresh(); // a later transfer must not be told that its chunks are here
            throw new DwcpTransferException(DwcpErrorCode.StoredDataCorrupt, DwcpFault.Server, $"The pack {_store.Packs.NameOf(pack)} of object '{Object.Path}' is gone. Send the object again.");
        }

        _open.Add(pack, file);
        return file;
    }

    private DwcpTransferException Corrupt(in ContentHash hash, in ChunkLocation location, string why)
    {
        // A later transfer must not be told that this chunk is here.
        _store.Forget(hash, location);
        return new DwcpTransferException(DwcpErrorCode.StoredDataCorrupt, DwcpFault.Server, $"The stored chunk {hash} of object '{Object.Path}' is damaged: {why}. Send the object again: the chunk will travel again.");
    }
}
