using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>The payload of BulkPutAnswer and BulkGetAnswer: how the payload travels. It comes inside the authenticated session, and so do the key and the token in it.</summary>
/// <param name="Carrier">What the node chose.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="Key">Of AES-256-GMAC over every piece, or empty for none.</param>
/// <param name="Token">Opens the payload's connection.</param>
/// <param name="Port">Where the node listens, at the address of the session.</param>
/// <param name="CarrierData">The carrier's own: where to put, remote keys.</param>
/// <param name="Stored">BulkGet: what will come. BulkPut: null.</param>
/// <param name="Map">BulkPut: what the node has. BulkGet: null.</param>
internal sealed record BulkAnswer(BulkCarrier Carrier, string Reason, byte[] Key, byte[] Token, int Port, byte[] CarrierData, BulkStored? Stored, ExtentMap? Map)
{
    public void Write(WireWriter writer)
    {
        writer.Number((int)Carrier).Text(Reason).Number(Key.Length).Bytes(Key).Bytes(Token).Number(Port).Number(CarrierData.Length).Bytes(CarrierData);
        if (Stored is { } stored)
        {
            stored.Entry.Write(writer);
            writer.Hash(stored.Root);
        }

        Map?.Write(writer);
    }

    /// <param name="payload">The frame's.</param>
    /// <param name="bytes">BulkPut: the object's size. BulkGet: null.</param>
    public static BulkAnswer Read(ReadOnlySpan<byte> payload, long? bytes)
    {
        var reader = new WireReader(payload);
        var carrier = (BulkCarrier)reader.Count("carrier", 255);
        if (carrier is not (BulkCarrier.Sockets or BulkCarrier.Ucx)) throw new DwcpProtocolException($"The node chose the carrier {(int)carrier}, which was not offered.");
        var reason = reader.Text("reason", WireLimits.MaxMessage);
        var key = reader.Bytes(reader.Count("key", BulkLimits.KeyBytes)).ToArray();
        if (key.Length is not (0 or BulkLimits.KeyBytes)) throw new DwcpProtocolException($"A key of {key.Length} bytes is no key.");
        var token = reader.Bytes(BulkLimits.TokenBytes).ToArray();
        var port = reader.Count("port", ushort.MaxValue);
        var data = reader.Bytes(reader.Count("carrier data", BulkLimits.MaxCarrierBytes)).ToArray();
        var stored = bytes is null ? new BulkStored(EntryHeader.Read(ref reader), reader.Hash()) : null;
        if (stored is { Entry: not { Kind: EntryKind.File, Size: not null } }) throw new DwcpProtocolException("The node's bulk object is no file of known size.");
        var map = bytes is { } size ? ExtentMap.Read(ref reader, size) : null;
        reader.ExpectEnd("a bulk answer");
        return new BulkAnswer(carrier, reason, key, token, port, data, stored, map);
    }

    /// <summary>Names no key.</summary>
    public override string ToString() => $"{Carrier}: {Reason}";
}
