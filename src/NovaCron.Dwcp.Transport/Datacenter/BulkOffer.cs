using NovaCron.Dwcp.Transport.Objects;
using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>The payload of BulkPut and BulkGet: what a client asks for, and by what it could travel.</summary>
/// <param name="Path">The object's.</param>
/// <param name="Flags">As in Put and Get.</param>
/// <param name="Carriers">What the client can use.</param>
/// <param name="Demands">What it insists on.</param>
/// <param name="Entry">BulkPut: the file. BulkGet: null.</param>
/// <param name="Identity">BulkPut: the source's identity. BulkGet: empty.</param>
internal sealed record BulkOffer(RelativePath Path, int Flags, BulkCarrier Carriers, BulkDemands Demands, EntryHeader? Entry, byte[] Identity)
{
    public void Write(WireWriter writer)
    {
        writer.Text(Path.Text).Number(Flags).Number((int)Carriers).Number((int)Demands);
        if (Entry is null) return;
        Entry.Write(writer);
        writer.Bytes(Identity);
    }

    public static BulkOffer Read(ReadOnlySpan<byte> payload, bool put)
    {
        var reader = new WireReader(payload);
        var path = RelativePath.Parse(reader.Text("path", RelativePath.MaxBytes));
        if (path.IsRoot) throw new DwcpProtocolException(DwcpErrorCode.InvalidPath, "The object has no path. Name it: dwcp://host/path.");
        var flags = reader.Count("flags", 3);
        var carriers = (BulkCarrier)reader.Count("carriers", 255) & (BulkCarrier.Sockets | BulkCarrier.Ucx | BulkCarrier.Verbs); // those of newer versions are none of ours
        var demands = (BulkDemands)reader.Count("demands", 3);
        EntryHeader? entry = null;
        byte[] identity = [];
        if (put)
        {
            entry = EntryHeader.Read(ref reader);
            identity = reader.Bytes(BulkLimits.IdentityBytes).ToArray();
            if (entry.Kind != EntryKind.File || entry.Size is null || !entry.Path.IsRoot) throw new DwcpProtocolException("A bulk transfer is one file whose size is known.");
        }

        reader.ExpectEnd("a bulk offer");
        return new BulkOffer(path, flags, carriers, demands, entry, identity);
    }
}
