using NovaCron.Dwcp.Transport.Protocol;

namespace NovaCron.Dwcp.Transport.Datacenter;

/// <summary>What the authenticated session says about an extent: its checksum, and tags when the payload is authenticated. Reused; owned by one queue or thread at a time.</summary>
internal sealed class ExtentNotice
{
    private readonly byte[] _tags = new byte[BulkLimits.PiecesPerExtent * BulkLimits.TagBytes];

    public int Extent { get; set; }

    public ulong Checksum { get; set; }

    public int TagCount { get; set; }

    public Span<byte> Tag(int piece) => _tags.AsSpan(piece * BulkLimits.TagBytes, BulkLimits.TagBytes);

    public void Write(WireWriter writer) =>
        writer.Number(Extent).UInt64(Checksum).Number(TagCount).Bytes(_tags.AsSpan(0, TagCount * BulkLimits.TagBytes));

    public void Read(ReadOnlySpan<byte> payload)
    {
        var reader = new WireReader(payload);
        Extent = reader.Count("extent", BulkLimits.MaxExtents - 1);
        Checksum = reader.UInt64();
        TagCount = reader.Count("tags", BulkLimits.PiecesPerExtent);
        reader.Bytes(TagCount * BulkLimits.TagBytes).CopyTo(_tags);
        reader.ExpectEnd("an Extent frame");
    }
}
